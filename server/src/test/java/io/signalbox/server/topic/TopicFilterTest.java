package io.signalbox.server.topic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicFilterTest {
  @ParameterizedTest
  @ValueSource(strings = {"a#", "a/#/b", "#/a", "##", "a/#b", "+#", "#/"})
  @Spec(value = "MQTT-4.7.1-1", v3 = "MQTT-4.7.1-2")
  void rejectsMultiLevelWildcardThatIsNotTheWholeLastLevel(String text) {
    assertThrows(InvalidTopicException.class, () -> TopicFilter.of(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a+", "+a", "a/b+/c", "++", "a/+b"})
  @Spec(value = "MQTT-4.7.1-2", v3 = "MQTT-4.7.1-3")
  void rejectsSingleLevelWildcardThatIsNotAWholeLevel(String text) {
    var e = assertThrows(InvalidTopicException.class, () -> TopicFilter.of(text));
    assertEquals("topic filter \"" + text + "\": + must be a whole level", e.getMessage());
  }

  @Test
  void rejectsEmptyTooLongAndIllFormed() {
    assertThrows(InvalidTopicException.class, () -> TopicFilter.of(""));
    assertThrows(InvalidTopicException.class, () -> TopicFilter.of("x".repeat(65_536)));
    assertThrows(InvalidTopicException.class, () -> TopicFilter.of("a\u0000"));
  }

  @ParameterizedTest
  @CsvSource({
    "a/b, a/b, true",
    "a/b, a/B, false",
    "a/b, a, false",
    "a/b, a/b/, false",
    "#, a/b/c, true",
    "#, /, true",
    "#, $SYS/a, false",
    "+/a, $SYS/a, false",
    "+, $SYS, false",
    "$SYS/#, $SYS/a, true",
    "$SYS/+, $SYS/a, true",
    "a/+, a/$b, true",
    "a/#, a, true",
    "a/#, a/, true",
    "a/#, ab, false",
    "/#, a, false",
    "+, a, true",
    "+, /a, false",
    "/+, /a, true",
    "+/+, /a, true",
    "+/+, a, false",
    "a/+/c, a/b/c, true",
    "a/+/c, a//c, true",
    "a/+/#, a, false",
    "a/+/#, a/b, true",
  })
  @Spec(value = "MQTT-4.7.2-1", v3 = "MQTT-4.7.2-1")
  void matchesAsTheStandardSays(String filter, String name, boolean matches) throws Exception {
    assertEquals(matches, TopicFilter.of(filter).matches(TopicName.of(name)));
  }

  /** Every filter of up to three levels against every name of up to three. */
  @Test
  void agreesWithAReferenceOnEveryShortFilterAndName() throws Exception {
    List<String> names = combinations(List.of("", "a", "b", "$s"));
    List<String> filters = combinations(List.of("", "a", "$s", "+", "#"));
    int matched = 0;
    for (String filter : filters) {
      if (filter.isEmpty() || filter.contains("#/")) {
        continue;
      }
      TopicFilter compiled = TopicFilter.of(filter);
      Pattern reference = reference(filter);
      for (String name : names) {
        if (name.isEmpty()) {
          continue;
        }
        boolean expected = reference.matcher(name).matches();
        assertEquals(expected, compiled.matches(TopicName.of(name)), filter + " on " + name);
        matched += expected ? 1 : 0;
      }
    }
    assertTrue(matched > 500, "the reference matched only " + matched);
  }

  private static Pattern reference(String filter) {
    String dollar = filter.startsWith("+") || filter.startsWith("#") ? "(?!\\$)" : "";
    String regex =
        ("\\Q" + filter + "\\E")
            .replace("/#", "\\E(/.*)?\\Q")
            .replace("#", "\\E.*\\Q")
            .replace("+", "\\E[^/]*\\Q");
    return Pattern.compile(dollar + regex);
  }

  private static List<String> combinations(List<String> alphabet) {
    var all = new ArrayList<String>();
    for (String a : alphabet) {
      all.add(a);
      for (String b : alphabet) {
        all.add(a + "/" + b);
        for (String c : alphabet) {
          all.add(a + "/" + b + "/" + c);
        }
      }
    }
    return all;
  }

  @Test
  void givesItsLevels() throws Exception {
    TopicFilter filter = TopicFilter.of("a//+/größe/#");
    var levels = new ArrayList<String>();
    for (int i = 0; i < filter.levelCount(); i++) {
      levels.add(new String(filter.level(i), UTF_8));
    }
    assertEquals(List.of("a", "", "+", "größe", "#"), levels);
    assertTrue(filter.hasWildcard());
    assertTrue(filter.isSingleLevelWildcard(2));
    assertTrue(filter.isMultiLevelWildcard(4));
    assertFalse(filter.isMultiLevelWildcard(1));
    assertFalse(TopicFilter.of("a/b").hasWildcard());
  }

  @Test
  void equalsByCharacters() throws Exception {
    assertEquals(TopicFilter.of("a/+"), TopicFilter.of("a/+"));
    assertEquals(TopicFilter.of("a/+").hashCode(), TopicFilter.of("a/+").hashCode());
    assertNotEquals(TopicFilter.of("a/+"), TopicFilter.of("a/b"));
    assertEquals("a/+", TopicFilter.of("a/+").toString());
  }

  @Test
  @Spec({"MQTT-4.8.2-1", "MQTT-4.8.2-2"})
  void parsesSharedFilters() throws Exception {
    SharedFilter shared = SharedFilter.parse("$share/workers/a/#");
    assertEquals("workers", shared.shareName());
    assertEquals(TopicFilter.of("a/#"), shared.filter());
    assertEquals("$share/workers/a/#", shared.toString());
    assertEquals("/a", SharedFilter.parse("$share/g//a").filter().toString());
    assertTrue(SharedFilter.isShared("$share/x"));
    assertFalse(SharedFilter.isShared("$shared/x"));
    assertFalse(SharedFilter.isShared("$share"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "$share/g",
        "$share/",
        "$share//t",
        "$share/+/t",
        "$share/a#/t",
        "$share/g/",
        "$share/g/a#",
        "share/g/t",
        "$share/g\u0000/t"
      })
  @Spec({"MQTT-4.8.2-1", "MQTT-4.8.2-2"})
  void rejectsBadSharedFilters(String text) {
    assertThrows(InvalidTopicException.class, () -> SharedFilter.parse(text));
  }
}
