package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.disconnect;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketBytes.publish;
import static io.signalbox.it.wire.PacketBytes.u16;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Frame;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.SocketWire;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.it.wire.WebSocketClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * MQTT over WebSocket (section 6) and the frames below it (RFC 6455 section 5), with and without
 * TLS. Close codes: 1002 protocol error, 1003 text, 1009 too large.
 */
@ParameterizedClass
@EnumSource(
    value = Transport.class,
    names = {"WS", "WSS"})
final class WebSocketTest {
  private static final int HEADER_BYTES_MAX = 16_384;
  private static final int HEADERS_MAX = 100;

  @RegisterExtension final Clients clients;

  WebSocketTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
  }

  private static byte[] connectPacket() {
    return connect(Version.V5).clientId(Clients.unique("ws")).toBytes();
  }

  /** Frames that together hold a CONNACK with code 0. */
  private static void expectConnAck(WebSocketClient socket) throws IOException {
    Frame frame = socket.receive();
    assertEquals(Frame.BINARY, frame.opcode(), frame::toString);
    assertEquals(0x20, frame.payload()[0]);
    assertEquals(0, frame.payload()[3]);
  }

  private WebSocketClient connected() throws IOException {
    WebSocketClient socket = clients.webSocket();
    socket.sendBinary(connectPacket());
    expectConnAck(socket);
    return socket;
  }

  private static void assertAlive(WebSocketClient socket) throws IOException {
    socket.sendBinary(pingReq());
    assertArrayEquals(bytes(0xD0, 0), socket.receive().payload());
  }

  private static void assertClosed(int code, WebSocketClient socket) throws IOException {
    assertEquals(code, socket.expectClose());
    socket.expectEnd();
  }

  /** A frame whose header is given byte by byte, masked with zeros so that the payload is plain. */
  private static byte[] frame(int first, int length, Object... payload) {
    return bytes(first, 0x80 | length, bytes(0, 0, 0, 0), bytes(payload));
  }

  @Test
  @Spec("MQTT-6.0.0-1")
  @Spec3("MQTT-6.0.0-1")
  @Behaviour(277)
  void aTextFrameClosesTheConnection() throws IOException {
    WebSocketClient socket = connected();
    socket.send(true, Frame.TEXT, "hello".getBytes(StandardCharsets.UTF_8));
    assertClosed(1003, socket);
  }

  @Test
  @Spec("MQTT-6.0.0-2")
  @Spec3("MQTT-6.0.0-2")
  @Behaviour(278)
  void packetsMayBeSplitOverFramesAtEveryByte() throws IOException {
    byte[] packets = bytes(connectPacket(), pingReq());
    for (int cut = 1; cut < packets.length; cut++) {
      WebSocketClient socket = clients.webSocket();
      socket.sendBinary(Arrays.copyOfRange(packets, 0, cut));
      socket.sendBinary(Arrays.copyOfRange(packets, cut, packets.length));
      expectConnAckAndPingResp(socket);
      socket.close();
    }
  }

  private static void expectConnAckAndPingResp(WebSocketClient socket) throws IOException {
    byte[] received = new byte[0];
    while (received.length < 2 || received[received.length - 2] != (byte) 0xD0) {
      Frame frame = socket.receive();
      assertEquals(Frame.BINARY, frame.opcode());
      received = bytes(received, frame.payload());
    }
    assertEquals(0x20, received[0]);
  }

  @Test
  @Spec("MQTT-6.0.0-2")
  @Spec3("MQTT-6.0.0-2")
  @Behaviour(278)
  void packetsMayComeByteByByteInContinuationFrames() throws IOException {
    WebSocketClient socket = clients.webSocket();
    byte[] packets = bytes(connectPacket(), pingReq());
    for (int i = 0; i < packets.length; i++) {
      socket.send(
          i == packets.length - 1,
          i == 0 ? Frame.BINARY : Frame.CONTINUATION,
          new byte[] {packets[i]});
    }
    expectConnAckAndPingResp(socket);
  }

  @Test
  @Spec("MQTT-6.0.0-2")
  @Spec3("MQTT-6.0.0-2")
  @Behaviour(278)
  void manyPacketsMayShareAFrame() throws IOException {
    WebSocketClient socket = connected();
    byte[] pings = new byte[0];
    for (int i = 0; i < 100; i++) {
      pings = bytes(pings, pingReq());
    }
    socket.sendBinary(pings);
    byte[] answers = new byte[0];
    while (answers.length < 200) {
      answers = bytes(answers, socket.receive().payload());
    }
    assertEquals(200, answers.length);
  }

  /** A large payload is sent from where it lies, and nothing comes between it and its header. */
  @ParameterizedTest
  @ValueSource(ints = {20_000, 65_000, 100_000, 900_000})
  void aPingThatComesWithALargeMessageIsAnsweredBehindIt(int length) throws IOException {
    WebSocketClient socket = connected();
    String topic = clients.topic();
    socket.sendBinary(PacketBytes.subscribe(Version.V5, 1).filter(topic, 0).toBytes());
    assertEquals(0x90, socket.receive().payload()[0] & 0xFF);
    byte[] payload = new byte[length];
    new Random(length).nextBytes(payload);
    byte[] packet = publish(Version.V5, topic).payload(payload).toBytes();
    for (int round = 0; round < 3; round++) {
      socket.sendRaw(
          bytes(
              socket.frame(true, Frame.BINARY, bytes(pingReq(), packet, packet)),
              socket.frame(true, Frame.PING, new byte[] {7})));
      byte[] received = new byte[0];
      boolean isAnswered = false;
      while (received.length < 2 + 2 * packet.length || !isAnswered) {
        Frame frame = socket.receive();
        if (frame.opcode() == Frame.PONG) {
          isAnswered = true;
        } else {
          received = bytes(received, frame.payload());
        }
      }
      assertArrayEquals(bytes(0xD0, 0, packet, packet), received);
    }
    assertAlive(socket);
  }

  @Test
  @Behaviour(279)
  void emptyFramesAreHarmless() throws IOException {
    WebSocketClient socket = connected();
    socket.sendBinary(new byte[0]);
    socket.send(false, Frame.BINARY, new byte[0]);
    socket.send(false, Frame.CONTINUATION, new byte[0]);
    socket.send(true, Frame.CONTINUATION, pingReq());
    assertArrayEquals(bytes(0xD0, 0), socket.receive().payload());
    assertAlive(socket);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 124, 125})
  @Behaviour(280)
  void aPingIsAnsweredWithItsData(int length) throws IOException {
    WebSocketClient socket = connected();
    byte[] data = new byte[length];
    new Random(length).nextBytes(data);
    socket.send(true, Frame.PING, data);
    Frame pong = socket.receive();
    assertEquals(Frame.PONG, pong.opcode());
    assertArrayEquals(data, pong.payload());
    assertAlive(socket);
  }

  @Test
  @Behaviour(280)
  void aPingBetweenFragmentsIsAnsweredAtOnce() throws IOException {
    WebSocketClient socket = connected();
    socket.send(false, Frame.BINARY, new byte[] {(byte) 0xC0});
    socket.send(true, Frame.PING, new byte[] {7});
    Frame pong = socket.receive();
    assertEquals(Frame.PONG, pong.opcode());
    socket.send(true, Frame.CONTINUATION, new byte[] {0});
    assertArrayEquals(bytes(0xD0, 0), socket.receive().payload());
  }

  @Test
  @Behaviour(280)
  void anUnaskedPongIsIgnored() throws IOException {
    WebSocketClient socket = connected();
    socket.send(true, Frame.PONG, new byte[] {1, 2, 3});
    socket.send(true, Frame.PONG, new byte[0]);
    assertAlive(socket);
  }

  @Test
  @Behaviour(281)
  void aPingAbove125BytesIsAProtocolError() throws IOException {
    WebSocketClient socket = connected();
    socket.sendRaw(socket.frame(true, Frame.PING, new byte[126]));
    assertClosed(1002, socket);
  }

  @ParameterizedTest
  @ValueSource(ints = {Frame.PING, Frame.PONG, Frame.CLOSE})
  @Behaviour(281)
  void aFragmentedControlFrameIsAProtocolError(int opcode) throws IOException {
    WebSocketClient socket = connected();
    socket.send(false, opcode, new byte[0]);
    assertClosed(1002, socket);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x83, 0x84, 0x85, 0x86, 0x87, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F})
  @Behaviour(281)
  void aReservedOpcodeIsAProtocolError(int first) throws IOException {
    WebSocketClient socket = connected();
    socket.sendRaw(frame(first, 0));
    assertClosed(1002, socket);
  }

  @ParameterizedTest
  @ValueSource(ints = {0xC2, 0xA2, 0x92, 0xF2, 0xC9, 0xC8})
  @Behaviour(281)
  void aReservedBitIsAProtocolError(int first) throws IOException {
    WebSocketClient socket = connected();
    socket.sendRaw(frame(first, 0));
    assertClosed(1002, socket);
  }

  @Test
  @Behaviour(281)
  void aContinuationWithoutABeginningIsAProtocolError() throws IOException {
    WebSocketClient socket = connected();
    socket.send(true, Frame.CONTINUATION, pingReq());
    assertClosed(1002, socket);
  }

  @Test
  @Behaviour(281)
  void aNewMessageAmidFragmentsIsAProtocolError() throws IOException {
    WebSocketClient socket = connected();
    socket.send(false, Frame.BINARY, new byte[] {(byte) 0xC0});
    socket.send(true, Frame.BINARY, new byte[] {0});
    assertClosed(1002, socket);
  }

  @Test
  @Behaviour(282)
  void anUnmaskedFrameIsAProtocolError() throws IOException {
    WebSocketClient socket = connected();
    socket.sendRaw(bytes(0x82, 2, pingReq()));
    assertClosed(1002, socket);
  }

  @Test
  @Behaviour(283)
  void aLengthWithTheTopBitIsRefused() throws IOException {
    WebSocketClient socket = connected();
    socket.sendRaw(bytes(0x82, 0xFF, bytes(0x80, 0, 0, 0, 0, 0, 0, 1), bytes(0, 0, 0, 0)));
    assertClosed(1002, socket); // the bit must be 0
  }

  @Test
  @Behaviour(283)
  void aFrameOfManyGigabytesIsRefusedWhenItsPacketsAreTooLarge() throws IOException {
    WebSocketClient socket = connected();
    // The frame itself is only a way to cut a stream; what it holds has the broker's packet limit.
    socket.sendRaw(
        bytes(
            0x82,
            0xFF,
            bytes(0, 0, 0x10, 0, 0, 0, 0, 0),
            bytes(0, 0, 0, 0),
            bytes(0x30, 0xFF, 0xFF, 0xFF, 0x7F)));
    Frame frame = socket.receive();
    if (frame.opcode() == Frame.BINARY) {
      assertEquals(0xE0, frame.payload()[0] & 0xFF); // DISCONNECT
      assertEquals(0x95, frame.payload()[2] & 0xFF);
      frame = socket.receive();
    }
    assertEquals(Frame.CLOSE, frame.opcode());
    socket.expectEnd();
  }

  @Test
  void lengthsInMoreBytesThanNeededAreTaken() throws IOException {
    WebSocketClient socket = connected();
    socket.sendRaw(bytes(0x82, 0xFE, bytes(0, 2), bytes(0, 0, 0, 0), pingReq()));
    assertArrayEquals(bytes(0xD0, 0), socket.receive().payload());
    socket.sendRaw(bytes(0x82, 0xFF, bytes(0, 0, 0, 0, 0, 0, 0, 2), bytes(0, 0, 0, 0), pingReq()));
    assertArrayEquals(bytes(0xD0, 0), socket.receive().payload());
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1001, 1002, 1003, 1007, 1011, 3000, 4999})
  @Behaviour(284)
  void aCloseIsAnsweredAndTheConnectionEnded(int code) throws IOException {
    WebSocketClient socket = connected();
    socket.sendClose(code);
    assertEquals(code, socket.expectClose());
    socket.expectEnd();
  }

  @Test
  @Behaviour(284)
  void aCloseWithoutCodeIsAnswered() throws IOException {
    WebSocketClient socket = connected();
    socket.send(true, Frame.CLOSE, new byte[0]);
    int code = socket.expectClose();
    assertTrue(code == 1005 || code == 1000, () -> "code " + code);
    socket.expectEnd();
  }

  @Test
  @Behaviour(284)
  void aCloseWithoutMqttDisconnectLeavesTheWillToBeSent() throws IOException {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 0);
    WebSocketClient socket = clients.webSocket();
    socket.sendBinary(
        connect(Version.V5).clientId(Clients.unique("ws")).will(topic, 0, false, "will").toBytes());
    expectConnAck(socket);
    socket.sendClose(1000);
    observer.receivePublish("will");
  }

  @Test
  @Behaviour(284)
  void noWillAfterMqttDisconnectAndClose() throws IOException {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 0);
    WebSocketClient socket = clients.webSocket();
    socket.sendBinary(
        connect(Version.V5).clientId(Clients.unique("ws")).will(topic, 0, false, "will").toBytes());
    expectConnAck(socket);
    socket.sendBinary(disconnect());
    socket.sendClose(1000);
    socket.expectClose();
    observer.publish(topic, 0, "marker");
    observer.receivePublish("marker");
  }

  @Test
  @Behaviour(286)
  void mqttDisconnectIsFollowedByAWebSocketClose() throws IOException {
    WebSocketClient socket = connected();
    socket.sendBinary(disconnect());
    assertClosed(1000, socket);
  }

  @Test
  @Behaviour(285)
  void aCloseWithOneByteIsAProtocolError() throws IOException {
    WebSocketClient socket = connected();
    socket.send(true, Frame.CLOSE, new byte[] {3});
    assertClosed(1002, socket);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535})
  @Behaviour(285)
  void aCloseWithABadCodeIsAProtocolError(int code) throws IOException {
    WebSocketClient socket = connected();
    socket.sendClose(code);
    assertClosed(1002, socket);
  }

  @Test
  @Behaviour(285)
  void aCloseReasonThatIsNotUtf8IsRefused() throws IOException {
    WebSocketClient socket = connected();
    socket.send(true, Frame.CLOSE, bytes(u16(1000), 0xC3, 0x28));
    assertClosed(1007, socket);
  }

  @Test
  @Behaviour(283)
  void sixtyFourBitLengthsWork() throws IOException {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 0);
    WebSocketClient socket = connected();
    socket.sendBinary(publish(Version.V5, topic).payload(new byte[100_000]).toBytes());
    assertEquals(100_000, observer.receive(PUBLISH).payload().length);
  }

  @Test
  void frameHeadersMayComeByteByByte() throws IOException {
    WebSocketClient socket = connected();
    for (byte one : socket.frame(true, Frame.BINARY, bytes(pingReq(), new byte[0]))) {
      socket.sendRaw(new byte[] {one});
    }
    assertArrayEquals(bytes(0xD0, 0), socket.receive().payload());
    byte[] large = publish(Version.V5, clients.topic()).payload(new byte[300]).toBytes();
    for (byte one : socket.frame(true, Frame.BINARY, large)) {
      socket.sendRaw(new byte[] {one});
    }
    assertAlive(socket);
  }

  @Test
  @Behaviour(290)
  void aWebSocketPingIsNoSignOfLifeForTheKeepAlive() throws IOException {
    WebSocketClient socket = clients.webSocket();
    socket.sendBinary(connect(Version.V5).clientId(Clients.unique("ws")).keepAlive(1).toBytes());
    expectConnAck(socket);
    Frame frame;
    int pings = 0;
    do {
      socket.send(true, Frame.PING, new byte[0]);
      frame = socket.receive();
      pings++;
    } while (frame.opcode() == Frame.PONG && pings < 10_000_000);
    assertEquals(Frame.BINARY, frame.opcode());
    assertEquals(0x8D, frame.payload()[2] & 0xFF);
  }

  // The opening handshake (RFC 6455 section 4).

  private WebSocketClient.Response answer(UnaryOperator<List<String>> changes) throws IOException {
    Endpoint endpoint = clients.broker().endpoint(clients.transport());
    WebSocketClient socket = clients.keep(new WebSocketClient(SocketWire.open(endpoint)));
    return socket.request(
        changes.apply(WebSocketClient.upgradeRequest(endpoint, "/mqtt", socket.newKey(), "mqtt")));
  }

  private static List<String> replaced(List<String> lines, String name, String... replacement) {
    List<String> changed = new ArrayList<>(lines);
    changed.removeIf(line -> line.startsWith(name + ":"));
    for (String value : replacement) {
      changed.add(name + ": " + value);
    }
    return changed;
  }

  @Test
  @Spec({"MQTT-6.0.0-3", "MQTT-6.0.0-4"})
  @Spec3({"MQTT-6.0.0-3", "MQTT-6.0.0-4"})
  @Behaviour(273)
  void theSubprotocolMqttIsSelectedAmongSeveral() throws IOException {
    for (String offer : List.of("mqtt", "chat, mqtt", "mqtt, chat", "a,mqtt,b")) {
      WebSocketClient.Response response =
          answer(lines -> replaced(lines, "Sec-WebSocket-Protocol", offer));
      assertEquals(101, response.status());
      assertEquals(Optional.of("mqtt"), response.header("Sec-WebSocket-Protocol"));
    }
    WebSocketClient.Response twoLines =
        answer(lines -> replaced(lines, "Sec-WebSocket-Protocol", "chat", "mqtt"));
    assertEquals(101, twoLines.status());
  }

  @Test
  @Spec("MQTT-6.0.0-3")
  @Spec3("MQTT-6.0.0-3")
  @Behaviour(273)
  void withoutTheSubprotocolTheUpgradeIsRefused() throws IOException {
    assertEquals(400, answer(lines -> replaced(lines, "Sec-WebSocket-Protocol")).status());
    assertEquals(400, answer(lines -> replaced(lines, "Sec-WebSocket-Protocol", "chat")).status());
  }

  @Test
  @Behaviour(274)
  void theLegacyNameIsSelectedWhereMqttIsNotOffered() throws IOException {
    WebSocketClient.Response legacy =
        answer(lines -> replaced(lines, "Sec-WebSocket-Protocol", "mqttv3.1"));
    assertEquals(101, legacy.status());
    assertEquals(Optional.of("mqttv3.1"), legacy.header("Sec-WebSocket-Protocol"));
    WebSocketClient.Response both =
        answer(lines -> replaced(lines, "Sec-WebSocket-Protocol", "mqttv3.1, mqtt"));
    assertEquals(Optional.of("mqtt"), both.header("Sec-WebSocket-Protocol"));
  }

  @Test
  @Behaviour(275)
  void anotherPathIsNotFound() throws IOException {
    assertEquals(
        404,
        answer(
                lines -> {
                  lines.set(0, "GET /other HTTP/1.1");
                  return lines;
                })
            .status());
  }

  @Test
  @Behaviour(275)
  void badUpgradesAreRefused() throws IOException {
    assertRefused(lines -> replaced(lines, "Sec-WebSocket-Key"));
    assertRefused(lines -> replaced(lines, "Sec-WebSocket-Version", "8"));
    assertRefused(lines -> replaced(lines, "Sec-WebSocket-Version"));
    assertRefused(lines -> replaced(lines, "Upgrade"));
    assertRefused(lines -> replaced(lines, "Connection"));
    assertRefused(
        lines -> {
          lines.set(0, "POST /mqtt HTTP/1.1");
          lines.add("Content-Length: 0");
          return lines;
        });
    assertRefused(
        lines -> {
          lines.set(0, "GET /mqtt HTTP/1.0");
          return lines;
        });
  }

  private void assertRefused(UnaryOperator<List<String>> changes) throws IOException {
    int status = answer(changes).status();
    assertTrue(status >= 400 && status < 500, () -> "status " + status);
  }

  @Test
  @Behaviour(276)
  void aForeignOriginIsForbidden() throws IOException {
    assertEquals(403, answer(lines -> replaced(lines, "Origin", "https://evil.example")).status());
    Endpoint endpoint = clients.broker().endpoint(clients.transport());
    String own =
        (clients.transport().isTls() ? "https" : "http")
            + "://"
            + endpoint.address().getHostString()
            + ":"
            + endpoint.address().getPort();
    assertEquals(101, answer(lines -> replaced(lines, "Origin", own)).status());
  }

  @Test
  @Behaviour(287)
  void compressionIsDeclined() throws IOException {
    WebSocketClient.Response response =
        answer(lines -> replaced(lines, "Sec-WebSocket-Extensions", "permessage-deflate"));
    assertEquals(101, response.status());
    assertEquals(Optional.empty(), response.header("Sec-WebSocket-Extensions"));
  }

  @Test
  @Behaviour(288)
  void requestsHaveSoManyBytesAndHeadersAtMost() throws IOException {
    assertEquals(101, answer(lines -> padded(lines, HEADER_BYTES_MAX)).status());
    assertEquals(400, answer(lines -> padded(lines, HEADER_BYTES_MAX + 1)).status());
    assertEquals(101, answer(lines -> filled(lines, HEADERS_MAX)).status());
    assertEquals(400, answer(lines -> filled(lines, HEADERS_MAX + 1)).status());
  }

  /** So many bytes with the line ends and the empty line. */
  private static List<String> padded(List<String> lines, int bytes) {
    String name = "X-Filler: ";
    int there = lines.stream().mapToInt(line -> line.length() + 2).sum() + name.length() + 4;
    lines.add(name + "x".repeat(bytes - there));
    return lines;
  }

  private static List<String> filled(List<String> lines, int headers) {
    int requestLine = 1;
    while (lines.size() - requestLine < headers) {
      lines.add("X-Filler: x");
    }
    return lines;
  }
}
