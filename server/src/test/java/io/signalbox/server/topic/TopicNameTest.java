package io.signalbox.server.topic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Spec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicNameTest {
  private static List<String> levels(TopicName name) {
    var levels = new ArrayList<String>();
    for (int i = 0; i < name.levelCount(); i++) {
      int start = name.levelStart(i);
      levels.add(new String(name.utf8(), start, name.levelEnd(i) - start, UTF_8));
    }
    return levels;
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "/", "//", "a/b", "/a/", "a//b", "größe/温度", "$SYS/x", "a b"})
  void splitsIntoLevelsWithoutLosingEmptyOnes(String text) throws Exception {
    TopicName name = TopicName.of(text);
    assertEquals(List.of(text.split("/", -1)), levels(name));
    assertEquals(text, name.toString());
    assertEquals(text.startsWith("$"), name.startsWithDollar());
  }

  @ParameterizedTest
  @ValueSource(strings = {"+", "#", "a/+/b", "a/#", "a+", "#b"})
  @Spec(
      value = {"MQTT-3.3.2-2", "MQTT-4.7.0-1"},
      v3 = {"MQTT-3.3.2-2", "MQTT-4.7.1-1"})
  void rejectsWildcards(String text) {
    var e = assertThrows(InvalidTopicException.class, () -> TopicName.of(text));
    assertFalse(e.isIllFormed());
    assertEquals("topic name \"" + text + "\" contains a wildcard", e.getMessage());
  }

  @Test
  void repeatsOnlyTheBeginningOfALongText() {
    String text = "x".repeat(60_000) + "#";
    var e = assertThrows(InvalidTopicException.class, () -> TopicName.of(text));
    assertTrue(String.valueOf(e.getMessage()).length() < 150);
    var filter = assertThrows(InvalidTopicException.class, () -> TopicFilter.of(text));
    assertTrue(String.valueOf(filter.getMessage()).length() < 150);
  }

  @Test
  @Spec(value = "MQTT-4.7.3-1", v3 = "MQTT-4.7.3-1")
  void rejectsTheEmptyName() {
    assertThrows(InvalidTopicException.class, () -> TopicName.of(""));
    assertThrows(InvalidTopicException.class, () -> TopicName.ofUtf8(new byte[3], 1, 0));
  }

  @Test
  @Spec(value = "MQTT-4.7.3-3", v3 = "MQTT-4.7.3-3")
  void takes65535BytesAndNotOneMore() throws Exception {
    assertEquals(65_535, TopicName.of("x".repeat(65_535)).utf8().length);
    assertEquals(32_768, TopicName.of("/".repeat(32_767)).levelCount());
    assertThrows(InvalidTopicException.class, () -> TopicName.of("x".repeat(65_536)));
    assertThrows(InvalidTopicException.class, () -> TopicName.of("ß".repeat(32_768)));
  }

  @Test
  @Spec(value = "MQTT-4.7.3-2", v3 = "MQTT-4.7.3-2")
  void rejectsWhatIsNoUtf8String() {
    var nul = assertThrows(InvalidTopicException.class, () -> TopicName.of("a\u0000b"));
    assertTrue(nul.isIllFormed());
    assertEquals("topic name contains U+0000 at byte 1", nul.getMessage());
    var surrogate = assertThrows(InvalidTopicException.class, () -> TopicName.of("a\uD800b"));
    assertTrue(surrogate.isIllFormed());
    byte[] overlong = {'a', (byte) 0xC0, (byte) 0xAF};
    var bytes = assertThrows(InvalidTopicException.class, () -> TopicName.ofUtf8(overlong, 0, 3));
    assertTrue(bytes.isIllFormed());
    assertEquals("topic name is not UTF-8 at byte 1", bytes.getMessage());
  }

  @Test
  @Spec(value = "MQTT-4.7.3-4", v3 = "MQTT-4.7.3-4")
  void comparesBytesWithoutNormalising() throws Exception {
    assertEquals(TopicName.of("a/b"), TopicName.of("a/b"));
    assertEquals(TopicName.of("a/b").hashCode(), TopicName.of("a/b").hashCode());
    assertNotEquals(TopicName.of("\u00E9"), TopicName.of("e\u0301"));
    assertNotEquals(TopicName.of("a/b"), TopicName.of("A/b"));
    assertNotEquals(TopicName.of("a"), TopicName.of("a/"));
    assertNotEquals(TopicName.of("\uFEFFa"), TopicName.of("a"));
    assertTrue(TopicName.of("a").compareTo(TopicName.of("b")) < 0);
    assertTrue(TopicName.of("z").compareTo(TopicName.of("ß")) < 0, "unsigned bytes");
  }

  @Test
  void copiesTheBytesItIsMadeOf() throws Exception {
    byte[] packet = "xxa/byy".getBytes(UTF_8);
    TopicName name = TopicName.ofUtf8(packet, 2, 3);
    packet[2] = 'z';
    assertArrayEquals("a/b".getBytes(UTF_8), name.utf8());
    assertEquals(TopicName.of("a/b"), name);
  }

  @Test
  void hashesEveryLengthAndEveryByte() throws Exception {
    Set<Integer> hashes = new HashSet<>();
    for (int length = 1; length <= 64; length++) {
      for (int changed = 0; changed < length; changed++) {
        var text = new StringBuilder("a".repeat(length));
        text.setCharAt(changed, 'b');
        hashes.add(TopicName.of(text.toString()).hashCode());
      }
    }
    assertTrue(hashes.size() > 2_070, "collisions among 2080 names: " + (2_080 - hashes.size()));
  }

  /**
   * The highest bits of some bytes, and bits of the next ones that undo what they change; and a
   * length that undoes a byte. Half of all secrets, or all, let these collide where a secret is
   * only added, or multiplied by without the upper half of the product.
   */
  @ParameterizedTest
  @CsvSource({
    "aaaaaaa!aaaaaaa!, aaaaaaaaaaaacaaa",
    "xxxxxxxxaaaaaaa!aaaaaaa!, xxxxxxxxaaaaaaaaaaaacaaa",
    "xxxxaaaaaaa!aaaaaaa!, xxxxaaaaaaaaaaaacaaa",
    "aaaaaaa!aaaaaaaaaaaaaaa!, aaaaaaaaaaaaaaaaaaaacaaa",
    "aaaaaaaaaaaaaaa!aaaaaaaaaaaaaaa!, aaaaaaaaaaaaaaaaaaaaaaaaaaaacaaa",
    "aaaaaaa!aaaaaaaaaaaaaaa!, aaaaaaaaaaaaaaa!aaaaaaaa",
    "axxxxxxxx, bxxxxxxxxx"
  })
  void noTwoTextsHaveTheSameHashWhateverTheSecrets(String one, String other) {
    var random = new Random(1);
    int collisions = 0;
    for (int i = 0; i < 2_000; i++) {
      long seed = random.nextLong();
      collisions += hash(one, seed) == hash(other, seed) ? 1 : 0;
    }
    assertTrue(collisions < 3, collisions + " of 2,000 secrets");
  }

  @Test
  void levelsOfPiecesThatCouldUndoEachOtherHaveDifferentHashes() {
    String[] pieces = {"aaaaaaa!aaaaaaa!", "aaaaaaaaaaaacaaa"};
    var random = new Random(1);
    for (int i = 0; i < 20; i++) {
      long seed = random.nextLong();
      Set<Integer> hashes = new HashSet<>();
      for (int choice = 0; choice < 1 << 12; choice++) {
        var level = new StringBuilder();
        for (int piece = 0; piece < 12; piece++) {
          level.append(pieces[choice >> piece & 1]);
        }
        hashes.add(hash(level.toString(), seed));
      }
      assertTrue(hashes.size() > 4_090, hashes.size() + " of 4,096");
    }
  }

  private static int hash(String text, long seed) {
    byte[] utf8 = text.getBytes(UTF_8);
    return TopicName.hash(utf8, 0, utf8.length, seed, TopicName.keyOf(seed));
  }

  @Test
  void emptyStandsForNoName() throws Exception {
    assertEquals(0, TopicName.EMPTY.utf8().length);
    assertFalse(TopicName.EMPTY.startsWithDollar());
    assertNotEquals(TopicName.EMPTY, TopicName.of("/"));
  }

  @Test
  void internsEqualNamesAsOneObject() throws Exception {
    var names = new TopicNames();
    byte[] bytes = "devices/p7/data".getBytes(UTF_8);
    TopicName first = names.intern(bytes, 0, bytes.length);
    assertSame(first, names.intern(bytes.clone(), 0, bytes.length));
    assertNotSame(first, names.intern(bytes, 0, bytes.length - 1));
    assertEquals("devices/p7/dat", names.intern(bytes, 0, bytes.length - 1).toString());
  }

  @Test
  void givesTheRightNameHoweverManyThereAre() throws Exception {
    var names = new TopicNames();
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 20_000; i++) { // several to a slot
        byte[] bytes = ("t/" + i).getBytes(UTF_8);
        assertEquals("t/" + i, names.intern(bytes, 0, bytes.length).toString());
      }
    }
  }

  @Test
  void doesNotKeepLongNames() throws Exception {
    var names = new TopicNames();
    byte[] longest = "x".repeat(TopicNames.CACHED_BYTES_MAX).getBytes(UTF_8);
    assertSame(names.intern(longest, 0, longest.length), names.intern(longest, 0, longest.length));
    byte[] tooLong = "x".repeat(TopicNames.CACHED_BYTES_MAX + 1).getBytes(UTF_8);
    TopicName first = names.intern(tooLong, 0, tooLong.length);
    assertNotSame(first, names.intern(tooLong, 0, tooLong.length));
    assertEquals(first, names.intern(tooLong, 0, tooLong.length));
  }

  @Test
  void neverInternsAnInvalidName() {
    var names = new TopicNames();
    byte[] wildcard = "a/#".getBytes(UTF_8);
    for (int i = 0; i < 2; i++) {
      assertThrows(InvalidTopicException.class, () -> names.intern(wildcard, 0, 3));
    }
  }
}
