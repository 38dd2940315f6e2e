package io.signalbox.it.operation;

import static io.signalbox.it.wire.PacketType.CONNACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Launch;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Sockets;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A broker that the system lets open too few files for the connections it is to have. */
@EnabledOnOs(OS.LINUX)
final class OpenFilesTest {
  private static final int FILES = 500;
  private static final Pattern ROOM = Pattern.compile("connections above (\\d+) are turned away");

  /** Few threads, for each has files of its own. */
  private static final String MORE =
      "limits: { " + BrokerConfig.PATIENT + " }\nio: { io-threads: 2 }\n";

  private static BrokerUnderTest start(String name, Launch launch) {
    BrokerConfig config =
        BrokerConfig.allowingAll()
            .listener(Transport.TCP, true, "none")
            .listener(Transport.WS, true, "none")
            .yaml(MORE);
    return BrokerUnderTest.start(name, config, launch);
  }

  @Test
  void saysAtStartForHowManyThereIsRoomAndTurnsTheNextAway() throws IOException {
    Launch launch = Launch.DEFAULT.quick().by("prlimit", "--nofile=" + FILES);
    List<Socket> silent = new ArrayList<>();
    try (var broker = start("few-files", launch)) {
      String warning = broker.awaitLog("limits.connections-max is 100000, but the system allows");
      assertTrue(warning.contains(" " + FILES + " open files"), warning);
      Matcher matcher = ROOM.matcher(warning);
      assertTrue(matcher.find(), warning);
      int room = Integer.parseInt(matcher.group(1));
      assertTrue(room > 10 && room < FILES - 300, warning);

      try (Peer first = connected(broker, "first")) {
        InetSocketAddress address = broker.endpoint(Transport.TCP).address();
        for (int i = 0; i < room; i++) {
          silent.add(new Socket(address.getAddress(), address.getPort()));
        }
        Eventually.succeeds(
            () -> {
              silent.removeIf(Sockets::isEnded);
              assertEquals(room - 1, silent.size());
              return silent;
            });
        broker.awaitLog("listener tcp: the system's limit of open files is reached");
        first.ping();

        silent.removeLast().close();
        Eventually.succeeds(() -> connected(broker, "next")).close();
        assertTrue(turnedAway(broker) > 0);
      }
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  @Test
  void servesItsClientsWhileNoFileCanBeOpenedAndAcceptsAgainAfterwards() throws IOException {
    try (var broker = start("no-files", Launch.DEFAULT.quick());
        Peer here = connected(broker, "here")) {
      allow(broker, 1);
      try (RawClient wire = RawClient.open(broker.endpoint(Transport.TCP), Version.V5)) {
        Peer waiting = new Peer(wire, "waiting");
        waiting.send(PacketBytes.connect(Version.V5).clientId("waiting"));
        broker.awaitLog("connections wait, the system does not hand them over: Too many open");
        here.ping();
        broker.awaitLog("cannot list this machine's addresses: Too many open files");
        broker.awaitLog("the server certificate was not reloaded, the one before is served on");
        allow(broker, 1_024);
        assertEquals(0, waiting.receive(CONNACK).reasonCode());
      }
      assertTrue(Metrics.of(broker).total("signalbox_accepts_failed_total") > 0);
      List<String> log = broker.logFrom(0);
      assertEquals(List.of(), log.stream().filter(l -> l.contains("XNIO")).toList());
      assertEquals(List.of(), log.stream().filter(l -> l.strip().startsWith("at ")).toList());
    }
  }

  @Test
  void commandsReachTheBrokerAgainOnceFilesCanBeOpened(@TempDir Path folder) {
    try (var broker = start("no-files-for-commands", Launch.DEFAULT.quick())) {
      allow(broker, 1);
      // Fails or waits: the system may have given the broker a file for the next connection before.
      var early = CompletableFuture.supplyAsync(() -> backup(broker, folder.resolve("early")));
      broker.awaitLog("commands cannot reach the broker for now: Too many open files");
      allow(broker, 1_024);
      backup(broker, folder.resolve("late")).expectSuccess();
      early.join();
    }
  }

  private static CommandLine.Result backup(BrokerUnderTest broker, Path to) {
    return CommandLine.signalbox("backup", "--data", broker.dataFolder().toString(), to.toString());
  }

  /** Files with higher numbers that are open stay open. */
  private static void allow(BrokerUnderTest broker, int files) {
    CommandLine.run(List.of("prlimit", "--pid=" + broker.pid(), "--nofile=" + files + ":"))
        .expectSuccess();
  }

  private static Peer connected(BrokerUnderTest broker, String clientId) throws IOException {
    RawClient wire = RawClient.open(broker.endpoint(Transport.TCP), Version.V5);
    try {
      Peer peer = new Peer(wire, clientId);
      peer.connect();
      return peer;
    } catch (AssertionError e) {
      wire.close();
      throw e;
    }
  }

  private static long turnedAway(BrokerUnderTest broker) {
    return Eventually.succeeds(
        () ->
            Metrics.of(broker)
                .total("signalbox_connections_turned_away_total", "reason=\"file_limit\""));
  }
}
