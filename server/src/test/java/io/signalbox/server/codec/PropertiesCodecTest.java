package io.signalbox.server.codec;

import static io.signalbox.server.codec.PacketBytes.bytes;
import static io.signalbox.server.codec.PacketBytes.properties;
import static io.signalbox.server.packet.ReasonCode.MALFORMED_PACKET;
import static io.signalbox.server.packet.ReasonCode.PROTOCOL_ERROR;
import static io.signalbox.server.packet.ReasonCode.TOPIC_ALIAS_INVALID;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.Spec;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Side;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every property at every place, from each side. */
class PropertiesCodecTest {
  private static Properties decode(Place place, Side sender, byte[] list) throws PacketException {
    var reader = new PacketReader().read(PacketType.PUBLISH, list, 0, list.length);
    Properties properties = PropertiesCodec.decode(reader, place, sender);
    reader.end();
    return properties;
  }

  /** A valid value with its identifier. */
  private static byte[] valid(Property property) {
    return switch (property.type()) {
      case BYTE -> bytes(property.id(), 1);
      case TWO_BYTE -> bytes(property.id(), 0, 1);
      case FOUR_BYTE -> bytes(property.id(), 0, 0, 0, 1);
      case VARIABLE -> bytes(property.id(), 1);
      case STRING -> bytes(property.id(), "a");
      case BINARY -> bytes(property.id(), 0, 1, 0);
      case STRING_PAIR -> bytes(property.id(), "", "");
    };
  }

  private static void assertRejected(
      ReasonCode reason, Place place, Side sender, byte[] list, String what) {
    var e = assertThrows(PacketException.class, () -> decode(place, sender, list), what);
    assertEquals(reason, e.reason(), what + ": " + e.problem());
  }

  @ParameterizedTest
  @EnumSource
  @Behaviour(230)
  void tooManyUserPropertiesAreRefusedEverywhere(Place place) throws Exception {
    var refused = new AtomicInteger();
    var reader = new PacketReader(2, refused::incrementAndGet);
    Object[] most = {0x26, "b", "1", 0x26, "a", ""};
    byte[] list = properties(most);
    Properties taken =
        PropertiesCodec.decode(
            reader.read(PacketType.PUBLISH, list, 0, list.length), place, Side.CLIENT);
    assertEquals(2, taken.userProperties().size());
    byte[] more = properties(bytes(most), 0x26, "b", "1", 0xFF); // the rest is not looked at
    reader.read(PacketType.PUBLISH, more, 0, more.length);
    var e =
        assertThrows(
            PacketException.class, () -> PropertiesCodec.decode(reader, place, Side.CLIENT));
    assertEquals(ReasonCode.QUOTA_EXCEEDED, e.reason());
    assertEquals(1, refused.get());
  }

  @ParameterizedTest
  @EnumSource
  void standsOnlyWhereTheTableAllows(Property property) throws Exception {
    for (Place place : Place.values()) {
      for (Side sender : Side.values()) {
        byte[] list = properties(valid(property));
        String what = property + " in " + place + " from " + sender;
        if (!property.standsIn(place)) {
          assertRejected(MALFORMED_PACKET, place, sender, list, what);
        } else if (!property.isSentBy(sender, place)) {
          assertRejected(PROTOCOL_ERROR, place, sender, list, what);
        } else {
          assertTrue(decode(place, sender, list).has(property), what);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void standsTwiceOnlyIfRepeatable(Property property) throws Exception {
    for (Place place : Place.values()) {
      Side sender = property.isSentBy(Side.SERVER, place) ? Side.SERVER : Side.CLIENT;
      if (!property.standsIn(place)) {
        continue;
      }
      byte[] list = properties(valid(property), valid(property));
      String what = "two of " + property + " in " + place;
      if (property.isRepeatable(place)) {
        assertTrue(decode(place, sender, list).has(property), what);
      } else {
        assertRejected(PROTOCOL_ERROR, place, sender, list, what);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void rejectsACutValue(Property property) {
    byte[] whole = valid(property);
    Place place = somePlace(property);
    for (int length = 1; length < whole.length; length++) {
      byte[] list = properties(Arrays.copyOf(whole, length));
      assertRejected(MALFORMED_PACKET, place, Side.SERVER, list, property + " of " + length);
    }
  }

  @ParameterizedTest
  @EnumSource
  void rejectsNumbersOutOfRange(Property property) throws Exception {
    if (!property.type().isNumber()) {
      return;
    }
    Place place = somePlace(property);
    int width =
        switch (property.type()) {
          case BYTE -> 1;
          case TWO_BYTE -> 2;
          default -> 4;
        };
    for (long value : new long[] {0, 1, 2, 255, 65_535, 0xFFFF_FFFFL}) {
      if (value >= 1L << (8 * width)) {
        continue;
      }
      var list = new ByteOutput(6);
      list.put1(1 + width);
      list.put1(property.id());
      for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
        list.put1((int) (value >> shift));
      }
      byte[] bytes = list.toByteArray();
      if (value >= property.smallest() && value <= property.largest()) {
        assertEquals(value, decode(place, Side.SERVER, bytes).number(property, -1));
      } else {
        ReasonCode reason = property == Property.TOPIC_ALIAS ? TOPIC_ALIAS_INVALID : PROTOCOL_ERROR;
        assertRejected(reason, place, Side.SERVER, bytes, property + " " + value);
      }
    }
  }

  private static Place somePlace(Property property) {
    for (Place place : Place.values()) {
      if (property.standsIn(place) && property.isSentBy(Side.SERVER, place)) {
        return place;
      }
    }
    throw new AssertionError(property + " stands nowhere");
  }

  @Test
  @Spec({"MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-1.5.7-1", "MQTT-3.3.2-13", "MQTT-3.3.2-19"})
  void rejectsStringsThatAreNot() {
    for (Property property : Property.values()) {
      byte[] bad = bytes(0, 2, 0xED, 0xA0);
      byte[] nul = bytes("\u0000");
      Place place = somePlace(property);
      if (property.type() == Property.Type.STRING) {
        for (byte[] value : new byte[][] {bad, nul}) {
          byte[] list = properties(property.id(), value);
          assertRejected(MALFORMED_PACKET, place, Side.SERVER, list, property.toString());
        }
      } else if (property.type() == Property.Type.STRING_PAIR) {
        assertRejected(
            MALFORMED_PACKET, place, Side.SERVER, properties(property.id(), bad, "v"), "name");
        assertRejected(
            MALFORMED_PACKET, place, Side.SERVER, properties(property.id(), "k", nul), "value");
      }
    }
  }

  @Test
  void rejectsUnknownIdentifiers() {
    for (int id = 0; id < 128; id++) {
      if (Property.ofId(id) == null) {
        assertRejected(
            MALFORMED_PACKET, Place.CONNECT, Side.CLIENT, properties(id, 0), "property " + id);
      }
    }
    assertRejected(
        MALFORMED_PACKET, Place.CONNECT, Side.CLIENT, properties(0x91, 0x01, 0), "property 145");
  }

  @Test
  @Spec("MQTT-1.5.5-1")
  void rejectsNumbersThatAreNotInShortestForm() {
    byte[] length = bytes(0x80, 0);
    byte[] identifier = properties(0x91, 0, 0, 0, 0, 1);
    byte[] value = properties(0x0B, 0x81, 0);
    byte[] fiveBytes = properties(0x0B, 0x80, 0x80, 0x80, 0x80, 1);
    assertRejected(MALFORMED_PACKET, Place.CONNECT, Side.CLIENT, length, "length");
    assertRejected(MALFORMED_PACKET, Place.CONNECT, Side.CLIENT, identifier, "identifier");
    assertRejected(MALFORMED_PACKET, Place.SUBSCRIBE, Side.CLIENT, value, "value");
    assertRejected(MALFORMED_PACKET, Place.SUBSCRIBE, Side.CLIENT, fiveBytes, "five bytes");
  }

  @Test
  void aLengthBeyondThePacketIsMalformed() {
    assertRejected(MALFORMED_PACKET, Place.CONNECT, Side.CLIENT, bytes(2, 0x17), "2 of 1");
    assertRejected(MALFORMED_PACKET, Place.CONNECT, Side.CLIENT, bytes(), "nothing");
    assertRejected(
        MALFORMED_PACKET, Place.CONNECT, Side.CLIENT, bytes(1, 0x17, 1), "value outside");
  }

  @Test
  @Spec({"MQTT-3.3.2-18", "MQTT-3.1.3-10", "MQTT-2.2.2-1"})
  void keepsTheOrderOfUserProperties() throws Exception {
    byte[] list = properties(0x26, "b", "1", 0x26, "a", "", 0x26, "b", "1");
    Properties properties = decode(Place.PUBLISH, Side.CLIENT, list);
    assertEquals(
        "[UserProperty[name=b, value=1], UserProperty[name=a, value=], UserProperty[name=b,"
            + " value=1]]",
        properties.userProperties().toString());
    var out = new ByteOutput(list.length);
    PropertiesCodec.encode(properties, out);
    assertArrayEquals(list, out.toByteArray());
    out.clear();
    PropertiesCodec.encode(Properties.NONE, out);
    assertArrayEquals(bytes(0), out.toByteArray());
  }
}
