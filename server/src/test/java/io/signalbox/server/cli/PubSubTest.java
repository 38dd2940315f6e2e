package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.bench.client.FakeBroker;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.UserProperty;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The commands pub and sub against a broker that notes what it gets. */
class PubSubTest {
  private final FakeBroker broker;
  private int port;
  private final StringWriter err = new StringWriter();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private OutputStream output = out;
  private String input = "";

  @TempDir Path folder;

  PubSubTest() throws IOException {
    broker = new FakeBroker();
    port = broker.port();
  }

  @AfterEach
  void close() throws IOException {
    broker.close();
  }

  private int run(String command, String... options) {
    Object it =
        command.equals("pub")
            ? new PubCommand(new ByteArrayInputStream(input.getBytes(UTF_8)))
            : new SubCommand(output);
    var line = new CommandLine(it);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setErr(new PrintWriter(err, true));
    line.setExecutionExceptionHandler(
        (e, _, _) -> {
          err.write(String.valueOf(e.getMessage()));
          return e instanceof CommandFailure failure ? failure.exitCode() : ExitCode.FAILED;
        });
    List<String> all = new ArrayList<>(List.of("--url", "mqtt://127.0.0.1:" + port));
    all.addAll(List.of(options));
    return line.execute(all.toArray(String[]::new));
  }

  private List<String> payloads() {
    return broker.received(Publish.class).stream()
        .map(p -> new String(p.payload(), UTF_8))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "2"})
  void publishesAndEndsWhenTheBrokerHasAll(String qos) {
    assertEquals(0, run("pub", "-t", "a/b", "-m", "hi", "-q", qos, "-n", "3"), err::toString);

    assertEquals(List.of("hi", "hi", "hi"), payloads());
  }

  @Test
  void publishesLinesOfStandardInput() {
    input = "one\n\nthree";

    assertEquals(0, run("pub", "-t", "a", "--lines", "-q", "1"), err::toString);

    assertEquals(List.of("one", "", "three"), payloads());
  }

  /** Nothing that comes back wakes the loop for these: a tenth of a second each would be 20 s. */
  @Test
  void publishesQos0AsFastAsTheBrokerTakesIt() throws Exception {
    Path file = Files.write(folder.resolve("payload"), new byte[33_000]); // two fill the buffer
    String path = file.toString();

    assertTimeout(
        Duration.ofSeconds(10),
        () -> assertEquals(0, run("pub", "-t", "a", "-f", path, "-n", "400"), err::toString));
    assertEquals(400, broker.received(Publish.class).size());
  }

  /** With 1,000 lines in a tenth of a second it would be 40 s. */
  @Test
  void publishesLinesAsFastAsTheyAreRead() {
    input = "x\n".repeat(400_000);

    assertTimeout(
        Duration.ofSeconds(30),
        () -> assertEquals(0, run("pub", "-t", "a", "--lines"), err::toString));
    assertEquals(400_000, broker.received(Publish.class).size());
  }

  @Test
  void publishesAFileWithPropertiesAndAWill() throws Exception {
    Path file = Files.write(folder.resolve("payload"), new byte[] {0, 1, (byte) 0xFF});

    int code =
        run(
            "pub",
            "-t",
            "a",
            "-f",
            file.toString(),
            "-r",
            "--expiry",
            "2m",
            "--content-type",
            "x/y",
            "--text",
            "--response-topic",
            "r",
            "--correlation-data",
            "c",
            "--user-property",
            "tag=b",
            "--user-property",
            "tag=a=c",
            "--user-property",
            "=",
            "--will-topic",
            "w",
            "--will-message",
            "gone",
            "--will-qos",
            "1",
            "--will-retain",
            "--will-delay",
            "5s",
            "-i",
            "me");

    assertEquals(0, code, err::toString);
    Publish publish = broker.received(Publish.class).getFirst();
    assertArrayEquals(new byte[] {0, 1, (byte) 0xFF}, publish.payload());
    assertTrue(publish.retain());
    assertEquals(120, publish.properties().number(Property.MESSAGE_EXPIRY_INTERVAL, -1));
    assertEquals(1, publish.properties().number(Property.PAYLOAD_FORMAT_INDICATOR, -1));
    assertEquals("x/y", publish.properties().string(Property.CONTENT_TYPE));
    assertEquals("r", publish.properties().string(Property.RESPONSE_TOPIC));
    assertArrayEquals("c".getBytes(UTF_8), publish.properties().binary(Property.CORRELATION_DATA));
    assertEquals(
        List.of(
            new UserProperty("tag", "b"), new UserProperty("tag", "a=c"), new UserProperty("", "")),
        publish.properties().userProperties());
    Connect connect = broker.received(Connect.class).getFirst();
    assertEquals("me", connect.clientId());
    assertTrue(connect.will() != null && connect.will().retain());
    assertEquals(5, connect.will().properties().number(Property.WILL_DELAY_INTERVAL, -1));
  }

  @Test
  void sendsATokenAsPasswordWithAUserNameWhereThatIsDemanded() throws Exception {
    Path file = Files.writeString(folder.resolve("token"), "secret\n");

    assertEquals(
        0,
        run("pub", "-t", "a", "--empty", "--token-file", file.toString(), "--mqtt", "3.1.1"),
        err::toString);

    Connect connect = broker.received(Connect.class).getFirst();
    assertEquals(ProtocolVersion.V3_1_1, connect.version());
    assertEquals("token", connect.userName());
    assertArrayEquals("secret".getBytes(UTF_8), connect.password());
  }

  @Test
  void failsWhenTheBrokerRefusesAMessage() {
    broker.publishAnswer = ReasonCode.NOT_AUTHORIZED;

    assertEquals(5, run("pub", "-t", "a/b", "-m", "hi", "-q", "1"));
    assertTrue(
        err.toString().contains("refused the message on \"a/b\": not authorized (0x87)"),
        err::toString);
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 20_000_000})
  void failsWhenTheBrokerClosesOnAMessage(int payloadBytes) throws Exception {
    broker.packetBytesMax = 500;
    Path file = Files.write(folder.resolve("payload"), new byte[payloadBytes]);

    assertEquals(1, run("pub", "-t", "a", "-f", file.toString(), "--mqtt", "3.1.1"));
    assertTrue(err.toString().contains("the connection broke"), err::toString);
    assertEquals(List.of(), payloads());
  }

  @Test
  void failsWhenNobodyAnsweredInTime() {
    broker.answersNothing = true;

    assertEquals(6, run("sub", "-t", "a", "--wait", "1s"));
    assertTrue(err.toString().contains("no connection within 1 s"), err::toString);
  }

  @Test
  void failsWhenTheBrokerRefusesASubscription() {
    broker.subscribeAnswer = ReasonCode.NOT_AUTHORIZED;

    assertEquals(5, run("sub", "-t", "a/#"));
    assertTrue(err.toString().contains("refused the subscription \"a/#\""), err::toString);
    assertEquals(1, broker.received(Disconnect.class).size()); // or its Will would be published
  }

  @ParameterizedTest
  @CsvSource({
    "6, NOT_AUTHORIZED",
    "6, BAD_USER_NAME_OR_PASSWORD",
    "6, SERVER_BUSY",
    "6, QUOTA_EXCEEDED",
    "5, CLIENT_IDENTIFIER_NOT_VALID",
  })
  void theExitCodeTellsACredentialThatIsNotAcceptedFromAnotherRefusal(int code, ReasonCode reason) {
    broker.connectAnswer = reason;

    assertEquals(code, run("pub", "-t", "a", "-m", "x"), err::toString);
    assertEquals(code, run("sub", "-t", "a"), err::toString);
  }

  @Test
  void theExitCodeTellsThatThereIsNoRoomNow() {
    broker.publishAnswer = ReasonCode.QUOTA_EXCEEDED;
    broker.subscribeAnswer = ReasonCode.QUOTA_EXCEEDED;

    assertEquals(6, run("pub", "-t", "a", "-m", "x", "-q", "1"), err::toString);
    assertEquals(6, run("sub", "-t", "a"), err::toString);
    assertTrue(err.toString().contains("the store is full"), err::toString);
  }

  @Test
  void theExitCodeTellsThatNobodyListens() throws Exception {
    try (var silent = new Socket()) { // so that no other test gets the port
      silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      port = silent.getLocalPort();

      assertEquals(6, run("pub", "-t", "a", "-m", "x"), err::toString);
      assertEquals(6, run("sub", "-t", "a"), err::toString);
    }
  }

  @Test
  void theExitCodeTellsThatThereIsNoCredential() {
    String missing = folder.resolve("missing").toString();

    assertEquals(6, run("pub", "-t", "a", "-m", "x", "--token-file", missing), err::toString);
  }

  private void retain(String topic, String payload) {
    assertEquals(0, run("pub", "-t", topic, "-m", payload, "-r", "-q", "1"), err::toString);
  }

  @Test
  void printsTopicAndPayloadOnALine() {
    retain("a/b", "21.5 °C");
    retain("a/c", "\u001b[2Jtricks\n");

    assertEquals(0, run("sub", "-t", "a/#", "-n", "2", "-q", "1"), err::toString);

    assertEquals("a/b 21.5 °C\na/c \\x1b[2Jtricks\\x0a\n", out.toString(UTF_8));
  }

  @Test
  void printsPayloadsAloneOrEverythingAsJson() {
    retain("a", "x");

    assertEquals(0, run("sub", "-t", "a", "-n", "1", "--format", "payload"), err::toString);
    assertEquals(0, run("sub", "-t", "a", "-n", "1", "--format", "json"), err::toString);

    assertEquals(
        "x\n{\"topic\":\"a\",\"payload\":\"x\",\"qos\":0,\"retain\":true}\n", out.toString(UTF_8));
  }

  @Test
  void failsWhenNotEnoughCameInTime() {
    retain("a", "x");

    assertEquals(1, run("sub", "-t", "a", "-n", "2", "--wait", "4s"));
    assertTrue(err.toString().contains("1 of 2 messages came within 4 s"), err::toString);
    assertEquals("a x\n", out.toString(UTF_8));
  }

  /** Each of these is larger than the printer's buffer, so that it is written at once. */
  private static final int LARGE = 70_000;

  @Test
  void endsInTimeThoughMessagesComeWithoutEnd() throws Exception {
    retain("a", "x".repeat(LARGE));
    Publish more = broker.received(Publish.class).getFirst();
    output =
        new OutputStream() {
          @Override
          public void write(int b) {}

          @Override
          public void write(byte[] bytes, int from, int length) {
            if (length >= LARGE) {
              broker.broadcast(more); // before the one is taken the next one has come
            }
          }
        };

    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> assertEquals(0, run("sub", "-t", "a", "--wait", "1s"), err::toString));
  }

  @Test
  void keepsTheConnectionThoughItsOutputIsTakenSlowly() {
    for (int i = 0; i < 15; i++) {
      retain("a/" + i, "x".repeat(LARGE));
    }
    broker.connAckProperties = Properties.NONE.with(Property.SERVER_KEEP_ALIVE, 1);
    var pingsAtTheLast = new AtomicInteger();
    output =
        new OutputStream() {
          @Override
          public void write(int b) {}

          @Override
          public void write(byte[] bytes, int from, int length) throws IOException {
            for (int i = 0; i < 20 && length >= LARGE && pings() == 0; i++) {
              pause();
            }
            pingsAtTheLast.set(pings());
          }

          private int pings() {
            return broker.received(PingReq.class).size();
          }

          private void pause() throws IOException {
            try {
              Thread.sleep(10); // a reader that takes a fifth of a second for a message
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
        };

    assertEquals(0, run("sub", "-t", "a/#", "-n", "15", "-W", "60s"), err::toString);
    assertTrue(pingsAtTheLast.get() > 0, "it has pinged meanwhile");
  }

  @Test
  void goesOnWithASession() {
    retain("a", "x");

    assertEquals(
        0, run("sub", "-t", "a", "-n", "1", "-i", "me", "--session-expiry", "1h", "-q", "1"));

    Connect connect = broker.received(Connect.class).getLast();
    assertTrue(!connect.cleanStart());
    assertEquals(3_600, connect.properties().number(Property.SESSION_EXPIRY_INTERVAL, -1));
  }

  @Test
  void wrongUsageReachesNoBroker() {
    assertEquals(2, run("pub", "-t", "a/#", "-m", "x"));
    assertEquals(2, run("pub", "-t", "a"));
    assertEquals(2, run("pub", "-t", "a", "-m", "x", "-n", "0"));
    assertEquals(2, run("pub", "-t", "a", "-m", "x", "--expiry", "1m", "--mqtt", "3.1.1"));
    assertEquals(2, run("pub", "-t", "a", "-m", "x", "--cert", "c.crt"));
    assertEquals(2, run("pub", "-t", "a", "-m", "x", "--user-property", "name"));
    assertTrue(err.toString().contains("--user-property: \"name\""), err::toString);
    assertEquals(2, run("sub", "-t", "a+"));
    assertEquals(2, run("sub", "-t", "a", "--session-expiry", "1h"));
    assertEquals(2, run("sub", "-t", "a", "--no-local", "--mqtt", "3.1.1"));
    assertEquals(List.of(), broker.received(Connect.class));
    assertEquals(List.of(), broker.received(Subscribe.class));
  }

  /** The standard has four bytes for the seconds of each. */
  @ParameterizedTest
  @CsvSource({
    "4294967296s, --expiry, pub -t a -m x --expiry",
    "49711d, --will-delay, pub -t a -m x --will-topic w --will-delay",
    "49711d, --will-delay, sub -t a --will-topic w --will-delay",
    "4294967296s, --session-expiry, sub -t a -i me --session-expiry",
    "999999999d, --session-expiry, sub -t a -i me --session-expiry",
    "999999999d, --wait, sub -t a --wait",
  })
  void aTimeHasABound(String time, String option, String command) {
    List<String> words = new ArrayList<>(List.of((command + " " + time).split(" ")));

    assertEquals(2, run(words.removeFirst(), words.toArray(String[]::new)), err::toString);
    assertTrue(err.toString().contains("'" + option + "'"), err::toString);
    assertTrue(err.toString().contains("longer than 4294967295 s"), err::toString);
    assertEquals(List.of(), broker.received(Connect.class));
  }

  @Test
  void theLongestTimesAreSent() {
    assertEquals(
        0,
        run("pub", "-t", "a", "-m", "x", "-r", "-q", "1", "--expiry", "4294967295s"),
        err::toString);
    String[] longest = {"-t", "a", "-n", "1", "-i", "me", "--session-expiry", "49710d", "-W", "1d"};
    assertEquals(0, run("sub", longest), err::toString);

    Publish publish = broker.received(Publish.class).getFirst();
    assertEquals(4_294_967_295L, publish.properties().number(Property.MESSAGE_EXPIRY_INTERVAL, -1));
    Connect connect = broker.received(Connect.class).getLast();
    assertEquals(
        49_710L * 86_400, connect.properties().number(Property.SESSION_EXPIRY_INTERVAL, -1));
  }

  @Test
  void makesBytesOfATerminalHarmless() {
    assertEquals("plain ü\t", MessagePrinter.printable("plain ü\t".getBytes(UTF_8)));
    assertEquals("\\xe2\\x80\\xaex", MessagePrinter.printable("\u202ex".getBytes(UTF_8)));
    assertEquals("a\\x00\\xff", MessagePrinter.printable(new byte[] {'a', 0, (byte) 0xFF}));
  }
}
