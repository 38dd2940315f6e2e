package io.signalbox.server.bench.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.ClientTrust;
import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.InMemoryKeyManager;
import io.signalbox.pki.TlsContexts;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.server.codec.ByteOutput;
import io.signalbox.server.codec.PacketEncoder;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.topic.TopicName;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MqttClientTest {
  private static final byte[] NO_PROPERTIES = {};

  private final ClientLoop loop;
  private final Heard heard = new Heard();
  private FakeBroker broker;

  MqttClientTest() throws Exception {
    loop = new ClientLoop();
    broker = new FakeBroker();
  }

  @AfterEach
  void close() throws Exception {
    loop.close();
    broker.close();
  }

  private static final class Heard implements ClientListener {
    final List<Publish> messages = new ArrayList<>();
    final List<ReasonCode> acknowledgements = new ArrayList<>();
    final List<Packet> answers = new ArrayList<>();
    Consumer<MqttClient> onMessage = _ -> {};
    boolean connected;
    boolean closed;
    @Nullable ClientException failure;

    @Override
    public void onConnected(MqttClient client, ConnAck answer) {
      connected = true;
    }

    @Override
    public void onMessage(MqttClient client, Publish message) {
      messages.add(message);
      onMessage.accept(client);
    }

    @Override
    public void onAcknowledged(
        MqttClient client, int packetId, ReasonCode reason, Properties properties) {
      acknowledgements.add(reason);
    }

    @Override
    public void onAnswer(MqttClient client, Packet answer) {
      answers.add(answer);
    }

    @Override
    public void onClosed(MqttClient client, @Nullable ClientException why) {
      closed = true;
      failure = why;
    }

    String failureText() {
      return failure == null ? "none" : String.valueOf(failure.getMessage());
    }
  }

  private void await(BooleanSupplier done) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!done.getAsBoolean()) {
      loop.pass(20);
      assertTrue(System.nanoTime() < deadline, () -> "not within 60 s; " + heard.failureText());
    }
  }

  private static Connect connect(ProtocolVersion version, int keepAliveSeconds) {
    return new Connect(
        version, "client", true, keepAliveSeconds, null, null, null, Properties.NONE);
  }

  private MqttClient open(String url, @Nullable TlsSettings tls, ProtocolVersion version)
      throws Exception {
    return loop.open(Endpoint.parse(url), tls, connect(version, 60), heard, null);
  }

  private MqttClient connected(ProtocolVersion version) throws Exception {
    MqttClient client = open("mqtt://127.0.0.1:" + broker.port(), null, version);
    await(() -> heard.connected || heard.closed);
    assertEquals("none", heard.failureText());
    return client;
  }

  private void subscribe(MqttClient client, String filter) throws Exception {
    var options = SubscriptionOptions.ofQos(Qos.EXACTLY_ONCE);
    int _ = client.subscribe(List.of(new RequestedSubscription(filter, options)), Properties.NONE);
    await(() -> heard.answers.size() == 1);
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void exchangesMessagesOfEveryQos(ProtocolVersion version) throws Exception {
    MqttClient client = connected(version);
    subscribe(client, "a/+");
    TopicName topic = TopicName.of("a/b");
    for (Qos qos : Qos.values()) {
      int _ = client.publish(topic, qos, false, NO_PROPERTIES, -1, qos.name().getBytes(UTF_8));
    }

    await(() -> heard.messages.size() == 3 && client.inFlight() == 0);

    assertEquals(
        List.of("AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"),
        heard.messages.stream().map(m -> new String(m.payload(), UTF_8)).toList());
    assertEquals(2, heard.acknowledgements.size());
    await(() -> broker.received(PubRel.class).size() == 1);
    client.disconnect();
    await(() -> heard.closed);
    assertNull(heard.failure);
    await(() -> broker.received(Disconnect.class).size() == 1);
  }

  @Test
  void deliversARepeatedQos2MessageOnce() throws Exception {
    MqttClient client = connected(ProtocolVersion.V5);
    var twice =
        new Publish(
            TopicName.of("a"), Qos.EXACTLY_ONCE, false, false, 7, Properties.NONE, new byte[0]);
    broker.broadcast(twice);
    broker.broadcast(twice);
    broker.broadcast(new PubRel(7));
    broker.broadcast(twice); // the identifier is free again: another message

    await(() -> heard.messages.size() == 2);
    assertTrue(client.isConnected());
  }

  @Test
  void carriesMessagesOfAMegabyte() throws Exception {
    MqttClient client = connected(ProtocolVersion.V5);
    subscribe(client, "big");
    byte[] payload = new byte[1 << 20];
    Arrays.fill(payload, (byte) 'x');
    for (int i = 0; i < 3; i++) {
      int _ =
          client.publish(TopicName.of("big"), Qos.AT_LEAST_ONCE, false, NO_PROPERTIES, -1, payload);
    }

    await(() -> heard.messages.size() == 3);
    assertTrue(Arrays.equals(payload, heard.messages.getLast().payload()));
  }

  @Test
  void keepsTheBrokersReceiveMaximum() throws Exception {
    broker.connAckProperties = Properties.NONE.with(Property.RECEIVE_MAXIMUM, 2);
    MqttClient client = connected(ProtocolVersion.V5);
    for (int i = 0; i < 2; i++) {
      assertTrue(client.canPublish(Qos.AT_LEAST_ONCE));
      int _ =
          client.publish(
              TopicName.of("a"), Qos.AT_LEAST_ONCE, false, NO_PROPERTIES, -1, new byte[0]);
    }

    assertTrue(!client.canPublish(Qos.AT_LEAST_ONCE));
    assertTrue(client.canPublish(Qos.AT_MOST_ONCE));
    await(() -> client.inFlight() == 0);
    assertTrue(client.canPublish(Qos.AT_LEAST_ONCE));
  }

  @Test
  void doesNotSendWhatTheBrokerDoesNotTake() throws Exception {
    broker.connAckProperties = Properties.NONE.with(Property.MAXIMUM_PACKET_SIZE, 100);
    MqttClient client = connected(ProtocolVersion.V5);

    int _ =
        client.publish(
            TopicName.of("a"), Qos.AT_MOST_ONCE, false, NO_PROPERTIES, -1, new byte[100]);

    assertTrue(heard.failureText().contains("the broker takes at most 100"));
  }

  @Test
  void pingsWhenItHasBeenSilent() throws Exception {
    broker.connAckProperties = Properties.NONE.with(Property.SERVER_KEEP_ALIVE, 1);
    MqttClient client = connected(ProtocolVersion.V5);

    await(() -> broker.received(PingReq.class).size() >= 2);
    assertTrue(client.isConnected());
  }

  @Test
  void losesABrokerThatIsSilent() throws Exception {
    broker.connAckProperties = Properties.NONE.with(Property.SERVER_KEEP_ALIVE, 1);
    MqttClient _ = connected(ProtocolVersion.V5);
    broker.answersNothing = true;

    await(() -> heard.closed);
    assertTrue(heard.failureText().contains("no answer to a ping within 1 s"), heard::failureText);
  }

  /** The answer to its ping may be behind all that it takes slowly. */
  @Test
  void keepsABrokerThatSendsAndPingsItAgain() throws Exception {
    broker.connAckProperties = Properties.NONE.with(Property.SERVER_KEEP_ALIVE, 1);
    MqttClient client = connected(ProtocolVersion.V5);
    broker.answersNothing = true;

    await(
        () -> {
          broadcast(10);
          return broker.received(PingReq.class).size() == 3;
        });
    assertTrue(client.isConnected(), heard::failureText);
  }

  private void broadcast(int bytes) {
    try {
      broker.broadcast(message(bytes));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aBrokerThatSendsWithoutEndIsOnlyATurn() throws Exception {
    heard.onMessage =
        _ -> { // there is always another one to read
          if (heard.messages.size() < 10_000) {
            broadcast(10);
          }
        };
    MqttClient client = connected(ProtocolVersion.V5);
    broadcast(10);
    await(() -> !heard.messages.isEmpty());
    int before = heard.messages.size();
    for (int passes = 1; passes <= 5; passes++) {
      loop.pass(20);
    }

    int read = heard.messages.size() - before;
    assertTrue(read >= 5 && read <= 500, () -> read + " in five passes");
    assertTrue(client.isConnected(), heard::failureText);
  }

  /** Also of what is not in its socket any more, so that the selector is silent. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatFollowsTheEndOfATurnComesInTheNextPasses(boolean encrypted) throws Exception {
    heard.onMessage = MqttClient::endTurn;
    if (encrypted) {
      DevelopmentPki pki = pki();
      serveTls(pki);
      MqttClient _ =
          open(
              "mqtts://localhost:" + broker.port(),
              tls(pki, Optional.of(pki.issueDevice("pump7"))),
              ProtocolVersion.V5);
      await(() -> heard.connected);
    } else {
      MqttClient _ = connected(ProtocolVersion.V5);
    }
    var packets = new Packet[20];
    for (int i = 0; i < packets.length; i++) {
      packets[i] = message(i);
    }
    broker.broadcast(packets);

    await(() -> !heard.messages.isEmpty());
    for (int received = 2; received <= packets.length; received++) {
      loop.pass(20);
      assertEquals(received, heard.messages.size(), "one a pass");
    }

    for (int i = 0; i < packets.length; i++) {
      assertEquals(i, heard.messages.get(i).payload().length);
    }
  }

  /** Each is acknowledged, which fails from the first or second one on; so does a publication. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatCameBeforeTheBrokerHungUpIsHeardThoughNothingCanBeSent(boolean publishes)
      throws Exception {
    heard.onMessage = MqttClient::endTurn;
    MqttClient client = connected(ProtocolVersion.V5);
    var packets = new Packet[21];
    for (int i = 1; i < packets.length; i++) {
      packets[i - 1] =
          new Publish(
              TopicName.of("a"), Qos.AT_LEAST_ONCE, false, false, i, Properties.NONE, new byte[i]);
    }
    packets[20] = new Disconnect(ReasonCode.SESSION_TAKEN_OVER, Properties.NONE);
    broker.broadcast(packets);
    broker.hangUp();

    await(() -> !heard.messages.isEmpty());
    for (int received = 2; received <= 20; received++) {
      if (publishes && client.canPublish(Qos.AT_MOST_ONCE)) {
        int _ =
            client.publish(
                TopicName.of("a"), Qos.AT_MOST_ONCE, false, NO_PROPERTIES, -1, new byte[0]);
      }
      loop.pass(20);
      assertEquals(received, heard.messages.size(), "one a pass");
    }
    await(() -> heard.closed);
    assertTrue(heard.failureText().contains("session taken over (0x8E)"), heard::failureText);
  }

  @Test
  void aBrokerThatHangsUpWithoutAWordBreaksTheConnection() throws Exception {
    heard.onMessage = MqttClient::endTurn;
    MqttClient _ = connected(ProtocolVersion.V5);
    broker.broadcast(
        new Publish(
            TopicName.of("a"), Qos.AT_LEAST_ONCE, false, false, 1, Properties.NONE, new byte[0]));
    broker.hangUp();

    await(() -> heard.closed);
    assertEquals(1, heard.messages.size());
    assertTrue(heard.failureText().contains("the connection broke"), heard::failureText);
  }

  @Test
  void tellsWhyTheBrokerRefused() throws Exception {
    broker.connectAnswer = ReasonCode.NOT_AUTHORIZED;
    broker.connAckProperties = Properties.NONE.with(Property.REASON_STRING, "unknown device");
    MqttClient _ = open("mqtt://127.0.0.1:" + broker.port(), null, ProtocolVersion.V5);

    await(() -> heard.closed);
    assertTrue(
        heard.failureText().contains("not authorized (0x87), \"unknown device\""),
        heard::failureText);
  }

  @Test
  void tellsWhyTheBrokerSaidGoodbye() throws Exception {
    MqttClient _ = connected(ProtocolVersion.V5);
    broker.broadcast(new Disconnect(ReasonCode.SESSION_TAKEN_OVER, Properties.NONE));

    await(() -> heard.closed);
    assertTrue(heard.failureText().contains("session taken over (0x8E)"), heard::failureText);
  }

  @Test
  void tellsThatTheBrokerClosedInsteadOfAnswering() throws Exception {
    broker.dropsConnections = true;
    MqttClient _ = open("mqtt://127.0.0.1:" + broker.port(), null, ProtocolVersion.V5);

    await(() -> heard.closed);
    assertTrue(heard.failureText().contains("want TLS"), heard::failureText);
  }

  @Test
  void tellsThatNobodyListens() throws Exception {
    String text;
    try {
      MqttClient _ = open("mqtt://127.0.0.1:1", null, ProtocolVersion.V5);
      await(() -> heard.closed);
      text = heard.failureText();
    } catch (ClientException refusedAtOnce) {
      text = String.valueOf(refusedAtOnce.getMessage());
    }
    assertTrue(text.contains("is the broker running"), text);
  }

  @Test
  void tellsThatAHostIsUnknown() {
    var failure =
        assertThrows(
            ClientException.class,
            () -> open("mqtt://no-such-host.invalid", null, ProtocolVersion.V5));
    assertTrue(String.valueOf(failure.getMessage()).contains("is not known"));
  }

  // ---- TLS

  @TempDir Path folder;

  private DevelopmentPki pki() throws Exception {
    return DevelopmentPki.openOrCreate(
        folder.resolve("pki"), Clock.systemUTC(), new SecureRandom());
  }

  private void serveTls(DevelopmentPki pki) throws Exception {
    SSLContext context =
        TlsContexts.server(
            new InMemoryKeyManager(List.of(pki.server(List.of("localhost")))),
            new ClientTrust(
                () -> new CertificateVerifier(List.of(pki.trustedCa("development"))),
                Clock.systemUTC()));
    var listener =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 10, InetAddress.getLoopbackAddress());
    listener.setNeedClientAuth(true);
    broker.close();
    broker = new FakeBroker(listener);
  }

  private static TlsSettings tls(DevelopmentPki pki, Optional<TlsIdentity> identity) {
    return new TlsSettings(
        List.of(TlsContexts.client(List.of(pki.root()), identity)), true, TlsSettings.PROTOCOLS);
  }

  @Test
  void speaksTlsWithAClientCertificate() throws Exception {
    DevelopmentPki pki = pki();
    serveTls(pki);
    MqttClient client =
        open(
            "mqtts://localhost:" + broker.port(),
            tls(pki, Optional.of(pki.issueDevice("pump7"))),
            ProtocolVersion.V5);
    await(() -> heard.connected || heard.closed);
    assertEquals("none", heard.failureText());
    subscribe(client, "a");
    byte[] payload = new byte[300_000]; // many records
    Arrays.fill(payload, (byte) 7);
    int _ = client.publish(TopicName.of("a"), Qos.AT_LEAST_ONCE, false, NO_PROPERTIES, -1, payload);

    await(() -> heard.messages.size() == 1 && client.inFlight() == 0);
    assertTrue(Arrays.equals(payload, heard.messages.getFirst().payload()));
    client.disconnect();
    await(() -> heard.closed);
    assertNull(heard.failure);
  }

  /**
   * The system takes no more connections there than are not accepted, and says nothing to others.
   */
  @Test
  @EnabledOnOs(OS.LINUX)
  void goesToTheNextAddressOfAHostThatIsSilent() throws Exception {
    InetAddress silent = InetAddress.getByName("127.0.0.2");
    List<SocketChannel> taken = new ArrayList<>();
    try (var listener = new ServerSocket(broker.port(), 1, silent)) {
      for (int i = 0; i < 8; i++) {
        SocketChannel channel = SocketChannel.open();
        taken.add(channel);
        channel.configureBlocking(false);
        boolean _ = channel.connect(listener.getLocalSocketAddress());
      }
      var client =
          new MqttClient(
              loop,
              Endpoint.parse("mqtt://localhost:" + broker.port()),
              new InetAddress[] {silent, InetAddress.getLoopbackAddress()},
              null,
              null,
              connect(ProtocolVersion.V5, 60),
              heard,
              0);
      client.start();
      loop.pass(20);
      assertFalse(heard.connected);

      client.tick(System.nanoTime() + TimeUnit.SECONDS.toNanos(16));

      await(() -> heard.connected || heard.closed);
      assertEquals("none", heard.failureText());
    } finally {
      for (SocketChannel channel : taken) {
        channel.close();
      }
    }
  }

  @Test
  void tellsThatACertificateIsMissing() throws Exception {
    DevelopmentPki pki = pki();
    serveTls(pki);
    MqttClient _ =
        open("mqtts://localhost:" + broker.port(), tls(pki, Optional.empty()), ProtocolVersion.V5);

    await(() -> heard.closed);
    assertTrue(heard.failureText().contains("--cert and --key"), heard::failureText);
  }

  @Test
  void doesNotTalkToAServerThatItDoesNotTrust() throws Exception {
    serveTls(pki());
    DevelopmentPki other =
        DevelopmentPki.openOrCreate(folder.resolve("other"), Clock.systemUTC(), new SecureRandom());
    MqttClient _ =
        open(
            "mqtts://localhost:" + broker.port(), tls(other, Optional.empty()), ProtocolVersion.V5);

    await(() -> heard.closed);
    assertTrue(heard.failureText().contains("is not trusted"), heard::failureText);
    assertEquals(List.of(), broker.received(Connect.class));
  }

  // ---- WebSocket

  @Test
  void readsWebSocketFramesHoweverTheyAreCut() throws Exception {
    try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var pong = new ByteArrayOutputStream();
      Thread server = Thread.ofVirtual().start(() -> serveWebSocket(listener, pong));
      MqttClient client =
          open("ws://127.0.0.1:" + listener.getLocalPort() + "/mqtt", null, ProtocolVersion.V5);

      await(() -> heard.messages.size() == 2 || heard.closed);
      assertEquals("none", heard.failureText());
      assertEquals(70_000, heard.messages.getLast().payload().length);
      client.close();
      await(() -> !server.isAlive());
      assertEquals("hi", pong.toString(US_ASCII));
    }
  }

  /** Answers with frames of one byte, an empty one, a ping in between and a long one. */
  private static void serveWebSocket(ServerSocket listener, ByteArrayOutputStream pong) {
    try (Socket socket = listener.accept()) {
      socket.setTcpNoDelay(true);
      InputStream in = socket.getInputStream();
      var request = new StringBuilder();
      while (request.indexOf("\r\n\r\n") < 0) {
        request.append((char) in.read());
      }
      String key = request.toString().replaceFirst("(?s).*Sec-WebSocket-Key: (\\S+).*", "$1");
      byte[] digest =
          MessageDigest.getInstance("SHA-1")
              .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(US_ASCII));
      socket
          .getOutputStream()
          .write(
              ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      + "Sec-WebSocket-Accept: "
                      + Base64.getEncoder().encodeToString(digest)
                      + "\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n")
                  .getBytes(US_ASCII));
      var out = new ByteArrayOutputStream();
      byte[] connectFrame = readFrame(in);
      assertEquals(0x10, connectFrame[0], "CONNECT");
      var packets = new ByteOutput(100);
      PacketEncoder.encode(
          new ConnAck(false, ReasonCode.SUCCESS, Properties.NONE), ProtocolVersion.V5, packets);
      PacketEncoder.encode(message(3), ProtocolVersion.V5, packets);
      for (byte b : packets.toByteArray()) {
        out.writeBytes(new byte[] {(byte) 0x82, 1, b});
        out.writeBytes(new byte[] {0, 0}); // an empty continuation says nothing
        out.writeBytes(new byte[] {(byte) 0x89, 2, 'h', 'i'});
      }
      packets.clear();
      PacketEncoder.encode(message(70_000), ProtocolVersion.V5, packets);
      byte[] large = packets.toByteArray();
      out.writeBytes(new byte[] {(byte) 0x82, 127, 0, 0, 0, 0, 0});
      out.writeBytes(
          new byte[] {
            (byte) (large.length >> 16), (byte) (large.length >> 8), (byte) large.length
          });
      out.writeBytes(large);
      // In small pieces, so that headers are cut too.
      byte[] all = out.toByteArray();
      for (int at = 0; at < all.length; at += at < 400 ? 1 : 5_000) {
        int length = Math.min(at < 400 ? 1 : 5_000, all.length - at);
        socket.getOutputStream().write(all, at, length);
      }
      pong.writeBytes(readFrame(in));
      in.transferTo(OutputStream.nullOutputStream()); // a close with pongs unread would be a reset
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static Publish message(int bytes) throws Exception {
    return new Publish(
        TopicName.of("a"), Qos.AT_MOST_ONCE, false, false, 0, Properties.NONE, new byte[bytes]);
  }

  /** A short frame from a client, unmasked. */
  private static byte[] readFrame(InputStream in) throws Exception {
    byte[] head = in.readNBytes(6);
    assertTrue((head[1] & 0x80) != 0, "a client masks");
    byte[] payload = in.readNBytes(head[1] & 0x7F);
    for (int i = 0; i < payload.length; i++) {
      payload[i] ^= head[2 + (i & 3)];
    }
    return payload;
  }
}
