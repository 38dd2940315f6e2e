package io.signalbox.server.packet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.packet.Property.Place;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PropertiesTest {
  /** Table 2-4 of the standard, by place. */
  @ParameterizedTest
  @CsvSource({
    "CONNECT, 11 15 16 17 19 21 22 26 27",
    "WILL, 01 02 03 08 09 18 26",
    "CONNACK, 11 12 13 15 16 1A 1C 1F 21 22 24 25 26 27 28 29 2A",
    "PUBLISH, 01 02 03 08 09 0B 23 26",
    "PUBACK, 1F 26",
    "PUBREC, 1F 26",
    "PUBREL, 1F 26",
    "PUBCOMP, 1F 26",
    "SUBSCRIBE, 0B 26",
    "SUBACK, 1F 26",
    "UNSUBSCRIBE, 26",
    "UNSUBACK, 1F 26",
    "DISCONNECT, 11 1C 1F 26",
    "AUTH, 15 16 1F 26",
  })
  void propertiesStandWhereTheTableSays(Place place, String ids) {
    List<String> standing = new ArrayList<>();
    for (int id = 0; id < 256; id++) {
      Property property = Property.ofId(id);
      if (property != null && property.standsIn(place)) {
        standing.add("%02X".formatted(id));
      }
    }
    assertEquals(ids, String.join(" ", standing));
  }

  @Test
  void keepsWhatWasPut() {
    Properties properties =
        Properties.NONE
            .with(Property.REASON_STRING, "because")
            .with(Property.SHARED_SUBSCRIPTION_AVAILABLE, 1)
            .with(Property.PAYLOAD_FORMAT_INDICATOR, 1)
            .with(Property.CORRELATION_DATA, new byte[] {1, 2})
            .with(Property.MESSAGE_EXPIRY_INTERVAL, 0xFFFF_FFFFL)
            .withUserProperty("a", "1")
            .withUserProperty("a", "2");
    assertEquals("because", properties.string(Property.REASON_STRING));
    assertEquals(1, properties.number(Property.SHARED_SUBSCRIPTION_AVAILABLE, 0));
    assertEquals(1, properties.number(Property.PAYLOAD_FORMAT_INDICATOR, 0));
    assertEquals(0xFFFF_FFFFL, properties.number(Property.MESSAGE_EXPIRY_INTERVAL, 0));
    assertArrayEquals(new byte[] {1, 2}, properties.binary(Property.CORRELATION_DATA));
    assertEquals(
        List.of(new UserProperty("a", "1"), new UserProperty("a", "2")),
        properties.userProperties());
    assertEquals(7, properties.number(Property.TOPIC_ALIAS, 7), "absent");
    assertNull(properties.string(Property.CONTENT_TYPE));
    assertNull(properties.binary(Property.AUTHENTICATION_DATA));
  }

  @Test
  void noneHasNothing() {
    assertTrue(Properties.NONE.isEmpty());
    assertSame(Properties.NONE, Properties.builder().build());
    assertEquals(List.of(), Properties.NONE.userProperties());
    assertEquals(0, Properties.NONE.subscriptionIdentifiers().length);
    assertEquals("{}", Properties.NONE.toString());
    for (Property property : Property.values()) {
      assertFalse(Properties.NONE.has(property));
    }
  }

  @Test
  void eachPropertyIsKeptApart() {
    Properties all = Properties.NONE;
    for (Property property : Property.values()) {
      Properties one =
          switch (property.type()) {
            case BYTE, TWO_BYTE, FOUR_BYTE -> Properties.NONE.with(property, property.smallest());
            case STRING -> Properties.NONE.with(property, property.name());
            case BINARY -> Properties.NONE.with(property, new byte[] {(byte) property.id()});
            case VARIABLE -> Properties.builder().addSubscriptionIdentifier(9).build();
            case STRING_PAIR -> Properties.NONE.withUserProperty("k", "v");
          };
      assertEquals(List.of(property), one.names());
      assertSame(Properties.NONE, one.without(property));
      Properties.Builder more = all.toBuilder();
      switch (property.type()) {
        case BYTE, TWO_BYTE, FOUR_BYTE -> more.put(property, property.largest());
        case STRING -> more.put(property, property.name());
        case BINARY -> more.put(property, new byte[] {(byte) property.id()});
        case VARIABLE -> more.addSubscriptionIdentifier(1).addSubscriptionIdentifier(9);
        case STRING_PAIR -> more.addUserProperty("k", "v");
      }
      all = more.build();
    }
    assertEquals(List.of(Property.values()), all.names());
    for (Property property : Property.values()) {
      if (property.type().isNumber()) {
        assertEquals(property.largest(), all.number(property, -1));
      } else if (property.type() == Property.Type.STRING) {
        assertEquals(property.name(), all.string(property));
      }
      assertFalse(all.without(property).has(property));
      assertEquals(all.names().size() - 1, all.without(property).names().size());
    }
    assertArrayEquals(new int[] {1, 9}, all.subscriptionIdentifiers());
    assertEquals(all, all.toBuilder().build());
    assertEquals(all.hashCode(), all.toBuilder().build().hashCode());
    assertNotEquals(all, all.without(Property.TOPIC_ALIAS));
  }

  @Test
  void forwardsOnlyWhatIsTheApplications() {
    Properties all =
        Properties.builder()
            .put(Property.PAYLOAD_FORMAT_INDICATOR, 1)
            .put(Property.MESSAGE_EXPIRY_INTERVAL, 60)
            .put(Property.TOPIC_ALIAS, 3)
            .put(Property.CONTENT_TYPE, "t")
            .put(Property.RESPONSE_TOPIC, "r")
            .put(Property.CORRELATION_DATA, new byte[1])
            .addUserProperty("k", "v")
            .addSubscriptionIdentifier(4)
            .build();
    assertEquals(
        List.of(
            Property.PAYLOAD_FORMAT_INDICATOR,
            Property.CONTENT_TYPE,
            Property.RESPONSE_TOPIC,
            Property.CORRELATION_DATA,
            Property.USER_PROPERTY),
        all.forwarded().names());
    Properties forwarded = all.forwarded();
    assertSame(forwarded, forwarded.forwarded());
    assertSame(Properties.NONE, Properties.NONE.with(Property.TOPIC_ALIAS, 3).forwarded());
  }

  @Test
  void refusesValuesOutsideTheTable() {
    var builder = Properties.builder();
    assertThrows(IllegalArgumentException.class, () -> builder.put(Property.TOPIC_ALIAS, 0));
    assertThrows(IllegalArgumentException.class, () -> builder.put(Property.MAXIMUM_QOS, 2));
    assertThrows(IllegalArgumentException.class, () -> builder.put(Property.REASON_STRING, 1));
    assertThrows(
        IllegalArgumentException.class, () -> builder.addSubscriptionIdentifier(268_435_456));
    assertThrows(
        IllegalArgumentException.class, () -> Properties.NONE.number(Property.REASON_STRING, 0));
  }

  @Test
  void neverPrintsBinaryValues() {
    String text =
        Properties.NONE.with(Property.AUTHENTICATION_DATA, new byte[] {'s', 'e'}).toString();
    assertEquals("{AUTHENTICATION_DATA=2 bytes}", text);
  }
}
