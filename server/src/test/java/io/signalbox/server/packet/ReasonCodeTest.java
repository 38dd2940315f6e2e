package io.signalbox.server.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.signalbox.server.Spec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tables of the packets' own sections, written down once more from the standard's text. */
class ReasonCodeTest {
  @ParameterizedTest
  @CsvSource({
    "CONNACK, 00 80 81 82 83 84 85 86 87 88 89 8A 8C 90 95 97 99 9A 9B 9C 9D 9F",
    "PUBACK, 00 10 80 83 87 90 91 97 99",
    "PUBREC, 00 10 80 83 87 90 91 97 99",
    "PUBREL, 00 92",
    "PUBCOMP, 00 92",
    "SUBACK, 00 01 02 80 83 87 8F 91 97 9E A1 A2",
    "UNSUBACK, 00 11 80 83 87 8F 91",
    "AUTH, 00 18 19",
    "DISCONNECT, 00 04 80 81 82 83 87 89 8B 8C 8D 8E 8F 90 93 94 95 96 97 98 99 9A 9B 9C 9D 9E 9F"
        + " A0 A1 A2",
    "PUBLISH, ''",
    "SUBSCRIBE, ''",
  })
  @Spec({
    "MQTT-3.2.2-8",
    "MQTT-3.4.2-1",
    "MQTT-3.5.2-1",
    "MQTT-3.6.2-1",
    "MQTT-3.7.2-1",
    "MQTT-3.9.3-2",
    "MQTT-3.11.3-2",
    "MQTT-3.14.2-1",
    "MQTT-3.15.2-1"
  })
  void standsInThePacketsThatListIt(PacketType type, String codes) {
    assertEquals(codes, codesWhere(reason -> reason.allowedIn(type)));
  }

  @ParameterizedTest
  @CsvSource({
    "CLIENT, DISCONNECT, 00 04 80 81 82 83 90 93 94 95 96 97 98 99",
    "CLIENT, AUTH, 18 19",
    "SERVER, AUTH, 00 18",
    "CLIENT, PUBREL, 00 92",
    "SERVER, DISCONNECT, 00 80 81 82 83 87 89 8B 8C 8D 8E 8F 90 93 94 95 96 97 98 99 9A 9B 9C 9D 9E"
        + " 9F A0 A1 A2",
  })
  void belongsToASide(Side side, PacketType type, String codes) {
    assertEquals(codes, codesWhere(reason -> reason.allowedIn(type, side)));
  }

  private static String codesWhere(java.util.function.Predicate<ReasonCode> allowed) {
    List<String> codes = new ArrayList<>();
    for (ReasonCode reason : ReasonCode.values()) {
      if (allowed.test(reason)) {
        codes.add("%02X".formatted(reason.code()));
      }
    }
    return String.join(" ", codes);
  }

  @Test
  void isFoundByItsNumber() {
    int known = 0;
    for (int code = 0; code < 256; code++) {
      ReasonCode reason = ReasonCode.of(code);
      if (reason != null) {
        known++;
        assertEquals(code, reason.code());
        assertEquals(code >= 0x80, reason.isError());
      }
    }
    assertEquals(ReasonCode.values().length, known);
    assertNull(ReasonCode.of(0x03));
  }

  @Test
  void translatesToReturnCodesOf311AndBack() {
    for (int code = 0; code <= 5; code++) {
      ReasonCode reason = ReasonCode.ofConnectReturnCode(code);
      assertEquals(code, reason == null ? -2 : reason.connectReturnCode());
    }
    assertNull(ReasonCode.ofConnectReturnCode(6));
    assertEquals(ReasonCode.NO_RETURN_CODE, ReasonCode.MALFORMED_PACKET.connectReturnCode());
  }

  @Test
  void grantsEachQos() {
    for (int qos = 0; qos <= 2; qos++) {
      assertEquals(qos, ReasonCode.granted(Qos.of(qos)).code());
      assertEquals(qos, Qos.of(qos).value());
      assertEquals(qos, RetainHandling.of(qos).value());
    }
    assertSame(Qos.AT_LEAST_ONCE, Qos.EXACTLY_ONCE.min(Qos.AT_LEAST_ONCE));
    assertSame(Qos.AT_MOST_ONCE, Qos.AT_MOST_ONCE.min(Qos.AT_LEAST_ONCE));
  }
}
