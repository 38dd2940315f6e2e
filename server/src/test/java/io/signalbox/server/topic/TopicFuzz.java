package io.signalbox.server.topic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;

/**
 * A Topic Filter and a Topic Name with a line feed between: each is refused or keeps its bytes, and
 * they match when the rules of section 4.7, written down in the simplest way, say so.
 */
public final class TopicFuzz {
  private TopicFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    int cut = 0;
    while (cut < data.length && data[cut] != '\n') {
      cut++;
    }
    byte[] nameBytes = Arrays.copyOfRange(data, Math.min(cut + 1, data.length), data.length);
    String filterText = new String(data, 0, cut, UTF_8);
    TopicName name = null;
    try {
      name = TopicName.ofUtf8(nameBytes, 0, nameBytes.length);
      assertArrayEquals(nameBytes, name.utf8());
      assertEquals(name, TopicName.of(new String(nameBytes, UTF_8)));
      assertFalse(name.toString().contains("#") || name.toString().contains("+"));
    } catch (InvalidTopicException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
    try {
      TopicFilter filter = filter(filterText);
      String text = filter.toString();
      assertEquals(filter, TopicFilter.of(text));
      if (name != null) {
        assertEquals(matches(text, name.toString()), filter.matches(name), text + " " + name);
      }
    } catch (InvalidTopicException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
  }

  private static TopicFilter filter(String text) throws InvalidTopicException {
    if (!SharedFilter.isShared(text)) {
      return TopicFilter.of(text);
    }
    SharedFilter shared = SharedFilter.parse(text);
    assertTrue(text.startsWith("$share/" + shared.shareName() + "/"));
    assertTrue(text.endsWith("/" + shared.filter()));
    return shared.filter();
  }

  private static boolean matches(String filter, String name) {
    String[] wanted = filter.split("/", -1);
    String[] levels = name.split("/", -1);
    if (name.startsWith("$") && (wanted[0].equals("+") || wanted[0].equals("#"))) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      if (wanted[i].equals("#")) {
        return true;
      }
      if (i >= levels.length || !(wanted[i].equals("+") || wanted[i].equals(levels[i]))) {
        return false;
      }
    }
    return wanted.length == levels.length;
  }
}
