package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.binaryOf;
import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Strings that are not well-formed UTF-8, in every string field of both versions (sections 1.5.4 of
 * 5.0 and 1.5.3 of 3.1.1).
 */
@EachTransportAndVersion
final class Utf8Test {
  private static final List<byte[]> ILL_FORMED =
      List.of(
          binaryOf(0x80), // a continuation byte alone
          binaryOf(0xBF),
          binaryOf(0xC0, 0x80), // overlong U+0000
          binaryOf(0xC1, 0xBF), // overlong U+007F
          binaryOf(0xE0, 0x80, 0xAF), // overlong slash
          binaryOf(0xF0, 0x80, 0x80, 0xAF),
          binaryOf(0xED, 0xA0, 0x80), // U+D800
          binaryOf(0xED, 0xBF, 0xBF), // U+DFFF
          binaryOf(0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80), // a pair of surrogates
          binaryOf(0xF4, 0x90, 0x80, 0x80), // U+110000
          binaryOf(0xF8, 0x88, 0x80, 0x80, 0x80), // five bytes
          binaryOf(0xFC, 0x84, 0x80, 0x80, 0x80, 0x80), // six bytes
          binaryOf(0xFE),
          binaryOf(0xFF),
          binaryOf('a', 0xC3), // cut at the end
          binaryOf('a', 0xE2, 0x82),
          binaryOf('a', 0xF0, 0x9F, 0x98),
          binaryOf(0xC3, 'a'),
          binaryOf(0x00),
          binaryOf('a', 0x00, 'b'));

  @RegisterExtension final Clients clients;
  private final byte[] noProperties;

  Utf8Test(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
    this.noProperties = version.isV5() ? bytes(0) : new byte[0];
  }

  private void assertEnded(byte[] packet) {
    Peer peer = clients.connected();
    peer.send(packet);
    peer.expectDisconnect(0x81);
  }

  @Test
  @Spec({"MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-3.3.2-1"})
  @Spec3({"MQTT-1.5.3-1", "MQTT-1.5.3-2", "MQTT-3.3.2-1"})
  @Behaviour(292)
  void topicNames() {
    for (byte[] field : ILL_FORMED) {
      assertEnded(packet(0x30, field, noProperties, "x"));
    }
  }

  @Test
  @Spec({"MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-3.8.3-1", "MQTT-3.10.3-1"})
  @Spec3({"MQTT-1.5.3-1", "MQTT-1.5.3-2", "MQTT-3.8.3-1", "MQTT-3.10.3-1"})
  @Behaviour(292)
  void topicFilters() {
    for (byte[] field : ILL_FORMED) {
      assertEnded(packet(0x82, 0, 1, noProperties, field, 0));
      assertEnded(packet(0xA2, 0, 1, noProperties, field));
    }
  }

  @Test
  @Spec({"MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-3.1.3-4", "MQTT-3.1.3-11", "MQTT-3.1.3-12"})
  @Spec3({"MQTT-1.5.3-1", "MQTT-1.5.3-2", "MQTT-3.1.3-4", "MQTT-3.1.3-10", "MQTT-3.1.3-11"})
  @Behaviour(292)
  void fieldsOfConnect() {
    int level = clients.version().level();
    for (byte[] field : ILL_FORMED) {
      byte[] head = bytes(utf8("MQTT"), level);
      byte[] id = utf8(Clients.unique("u"));
      for (byte[] connect :
          List.of(
              packet(0x10, head, 0x02, 0, 0, noProperties, field),
              packet(0x10, head, 0x82, 0, 0, noProperties, id, field),
              packet(0x10, head, 0x06, 0, 0, noProperties, id, noProperties, field, utf8("w")))) {
        Peer peer = clients.peer();
        peer.send(connect);
        peer.expectRefused(0x81);
      }
    }
  }

  @Test
  @Behaviour(292)
  void controlCharactersAndNonCharactersAreTaken() {
    String topic = clients.topic();
    for (String odd :
        List.of("\u0001", "\u001F", "\u007F", "\u009F", "\uFFFF", "\uFFFE", "\uFDD0")) {
      Peer peer = clients.connected();
      peer.subscribe(topic + odd, 0);
      peer.publish(topic + odd, 0, "odd");
      assertEquals(topic + odd, peer.receivePublish("odd").topic());
    }
  }
}
