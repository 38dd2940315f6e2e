package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import io.signalbox.server.bench.client.FakeBroker;
import io.signalbox.server.packet.ReasonCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

final class BenchCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final FakeBroker broker;

  @TempDir Path folder;

  BenchCommandTest() throws IOException {
    broker = new FakeBroker();
  }

  @AfterEach
  void close() throws IOException {
    broker.close();
  }

  private int run(String... arguments) {
    CommandLine commands =
        new Commands(
                new CommandsTest.FakeBrokers(),
                (_, _, _, _) -> new TokenFactory.Issued("", ""),
                new CommandsTest.Stores(),
                Map.of())
            .commandLine("bench");
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    return commands.execute(
        Stream.concat(Stream.of("bench"), List.of(arguments).stream()).toArray(String[]::new));
  }

  private String url() {
    return "mqtt://127.0.0.1:" + broker.port();
  }

  @Test
  void measuresWithoutAWarmUpAndPrintsJson() {
    int code = run("p2p", "--url", url(), "--warm-up", "0s", "-n", "20", "--json");

    assertEquals(0, code, err::toString);
    var report = JsonParser.parseString(out.toString()).getAsJsonObject();
    assertEquals(200, report.get("received").getAsLong());
    assertTrue(report.get("passed").getAsBoolean());
  }

  @Test
  void printsValuesInOneColumn() {
    assertEquals(0, run("p2p", "--url", url(), "--duration", "50ms", "--warm-up", "0s"));

    List<String> lines = out.toString().lines().toList();
    int column = lines.getFirst().lastIndexOf(' ');
    for (String line : lines.subList(0, lines.size() - 1)) {
      assertEquals(column, line.lastIndexOf(' '), line);
    }
    assertEquals("passed", lines.getLast());
  }

  @Test
  void failsWithAReportWhenMessagesAreLost() {
    broker.fault = FakeBroker.Fault.LOSE;
    int code =
        run("p2p", "--url", url(), "--warm-up", "0s", "-n", "20", "--stall", "500ms", "-q", "0");

    assertEquals(1, code);
    assertTrue(out.toString().endsWith("FAILED" + System.lineSeparator()), out::toString);
  }

  @Test
  void saysWhyTheBrokerRefuses() {
    broker.connectAnswer = ReasonCode.BAD_USER_NAME_OR_PASSWORD;
    assertEquals(6, run("idle", "--url", url(), "--clients", "1"));

    assertEquals("", out.toString());
    assertTrue(err.toString().startsWith("signalbox: " + url() + ": the broker refused"));
    assertEquals(1, err.toString().lines().count(), err::toString);
  }

  @Test
  void theExitCodeTellsARefusalFromABrokerThatIsNotThere() throws IOException {
    broker.subscribeAnswer = ReasonCode.NOT_AUTHORIZED;
    assertEquals(5, run("p2p", "--url", url()), err::toString);

    try (var silent = new Socket()) { // so that no other test gets the port
      silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      String nobody = "mqtt://127.0.0.1:" + silent.getLocalPort();
      assertEquals(6, run("p2p", "--url", nobody), err::toString);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "p2p --warm-up 5           | \"5\" is no time; write a number with ms, s, m or h",
        "p2p --limit 9999999h      | \"9999999h\" is longer than 4294967295 s",
        "p2p --duration 0s         | duration: 0 measures nothing without a count",
        "p2p --rate NaN            | rate: NaN must be 0 or more",
        "p2p --subscribers 3       | subscribers: 3, but p2p has one for each of the 10 publishers",
        "p2p --payload 3           | payload: 3 bytes, at least 24 carry the checks",
        "p2p --pid 1099511627776   | pid: 1099511627776",
        "fan-in --publishers 0     | publishers: 0 is below 1",
        "retained --count 0        | count: 0 is below 1",
        "offline --qos 0           | qos: 0 is not kept for clients that are away; 1 and 2 are",
        "offline --sessions 0      | sessions: 0 is below 1",
        "subscribe-storm --batch 0 | batch: 0 is below 1",
        "subscribe-storm --filters 3 | filters: 3 is less than one for each of 10 clients",
        "connect-storm --rate -2   | rate: -2.0 must be 0 or more",
        "connect-storm --clients 0 | clients: 0 is below 1",
        "idle --clients 0          | clients: 0 is below 1",
        "idle --certs nowhere      | --certs is for mqtts:// and wss://, not for mqtt://127",
        "p2p --tls-version 1.2     | --tls-version is for mqtts:// and wss://, not for mqtt://127",
        "idle --tls-version 1.1    | --tls-version is 1.3 or 1.2, not" + " \"1.1\"",
        "connect-storm --resume    | --resume is for mqtts:// and wss://, not for mqtt://127",
      })
  void saysWhatIsWrongInTwoLines(String arguments, String problem) {
    int code =
        run(
            Stream.concat(Stream.of(arguments.split(" ")), Stream.of("--url", url()))
                .toArray(String[]::new));

    assertEquals(2, code, err::toString);
    List<String> lines = err.toString().lines().toList();
    assertEquals(2, lines.size(), err::toString);
    assertTrue(lines.getFirst().startsWith("signalbox: "), err::toString);
    assertTrue(lines.getFirst().contains(problem), err::toString);
    assertTrue(lines.getLast().startsWith("Options: signalbox bench "), err::toString);
    assertTrue(lines.getLast().endsWith(" --help"), err::toString);
  }

  @Test
  void saysWhichFilesAreNotThere() {
    Path missing = folder.resolve("missing");
    assertEquals(6, run("p2p", "--url", url(), "--token-file", missing.toString()));
    assertEquals(
        1,
        run("p2p", "--url", "mqtts://127.0.0.1:" + broker.port(), "--certs", missing.toString()));

    List<String> lines = err.toString().lines().toList();
    assertEquals(
        "signalbox: cannot read the token from \""
            + missing
            + "\": it does not exist; check the path",
        lines.getFirst());
    assertEquals(
        "signalbox: --certs: \"" + missing + "\" is no folder; check the path", lines.getLast());
  }

  @Test
  void explainsTheReport() {
    assertEquals(0, run("--help"));
    for (String word : List.of("-per-server-cpu-s", "generator-busy", "out-of-order", "Ctrl-C")) {
      assertTrue(out.toString().contains(word), word);
    }
    assertTrue(out.toString().contains("99% of the messages"), out::toString);
  }

  @Test
  void explainsThatTheIdIsOfManyClients() {
    assertEquals(0, run("idle", "--help"));
    assertTrue(out.toString().contains("ID-pub-0"), out::toString);
    assertFalse(out.toString().contains("the broker assigns one"), out::toString);
  }
}
