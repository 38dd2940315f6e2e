package io.signalbox.server.topic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.Spec;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class Utf8Test {
  private final CharsetDecoder strict =
      UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);

  /** What the platform's strict decoder says, plus the ban of U+0000. */
  private boolean isWellFormed(byte[] bytes) {
    for (byte b : bytes) {
      if (b == 0) {
        return false;
      }
    }
    try {
      strict.decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private void assertAgrees(byte[] bytes) {
    boolean wellFormed = Utf8.illFormedAt(bytes, 0, bytes.length) == Utf8.WELL_FORMED;
    if (wellFormed != isWellFormed(bytes)) { // not assertEquals: millions of messages
      throw new AssertionError(HexFormat.of().formatHex(bytes) + " taken as " + wellFormed);
    }
  }

  @Test
  @Spec(
      value = {"MQTT-1.5.4-1", "MQTT-1.5.4-2"},
      v3 = {"MQTT-1.5.3-1", "MQTT-1.5.3-2"})
  void agreesWithTheStrictDecoderOnEveryOneAndTwoBytes() {
    for (int first = 0; first < 256; first++) {
      assertAgrees(new byte[] {(byte) first});
      for (int second = 0; second < 256; second++) {
        assertAgrees(new byte[] {(byte) first, (byte) second});
      }
    }
  }

  @Test
  void agreesOnThreeAndFourBytesAroundEveryBorder() {
    int[] leads = {
      0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF
    };
    int[] lasts = {0x00, 0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xFF};
    for (int lead : leads) {
      for (int second = 0; second < 256; second++) {
        for (int third : lasts) {
          assertAgrees(new byte[] {(byte) lead, (byte) second, (byte) third});
          for (int fourth : lasts) {
            assertAgrees(new byte[] {(byte) lead, (byte) second, (byte) third, (byte) fourth});
          }
        }
      }
    }
  }

  @Test
  void agreesWhereverTheWrongByteStandsInALongText() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    byte[] text = "devices/maschine-größe/温度/\uD83D\uDE80/abcdefghijklmnop".getBytes(UTF_8);
    for (int i = 0; i < text.length; i++) {
      for (int k = 0; k < 256; k++) {
        byte[] changed = text.clone();
        changed[i] = (byte) k;
        assertAgrees(changed);
        assertAgrees(Arrays.copyOf(changed, random.nextInt(text.length)));
      }
    }
  }

  @Test
  void namesTheFirstWrongByte() {
    byte[] text = "abcdefgh\u0000".getBytes(UTF_8);
    assertEquals(8, Utf8.illFormedAt(text, 0, text.length));
    assertEquals(Utf8.WELL_FORMED, Utf8.illFormedAt(text, 0, 8));
    byte[] cut = {'x', (byte) 0xE2, (byte) 0x82, (byte) 0xAC};
    assertEquals(1, Utf8.illFormedAt(cut, 0, 3), "cut sequence");
    assertEquals(Utf8.WELL_FORMED, Utf8.illFormedAt(cut, 1, 4));
  }

  @Test
  @Spec(value = "MQTT-1.5.4-3", v3 = "MQTT-1.5.3-3")
  void takesByteOrderMarkControlAndNonCharacters() {
    for (String text : new String[] {"\uFEFFa", "\u0001", "\u007F", "\u009F", "\uFFFE", "\uFDD0"}) {
      byte[] utf8 = text.getBytes(UTF_8);
      assertEquals(Utf8.WELL_FORMED, Utf8.illFormedAt(utf8, 0, utf8.length));
    }
  }
}
