package io.signalbox.server.session;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.CountedMemory;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.store.OpenSession;
import io.signalbox.server.store.OpenedSession;
import io.signalbox.server.store.RenewWill;
import io.signalbox.server.store.StoreCheck;
import io.signalbox.server.store.StoreFixture;
import io.signalbox.server.store.StoreRepair;
import io.signalbox.server.store.StoreSubscriptions;
import io.signalbox.server.store.StoreWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SessionRegistryTest {
  /** Of a loop on which wills are due at once, and sessions do not expire. */
  private static final long SOON_MILLIS = 60_000;

  @Test
  void aWillAfterARestartFindsSessionsThatAreReadAfterItsOwn(@TempDir Path directory)
      throws Exception {
    var fixture = StoreFixture.open(directory);
    try {
      StoreWriter writer = fixture.store.writer();
      open(writer, "mourned", will());
      OpenedSession heir = open(writer, "heir", null);
      var all = new SubscriptionOptions(Qos.EXACTLY_ONCE, false, false, RetainHandling.SEND);
      writer.await(
          new StoreSubscriptions(
              heir.number(),
              heir.epoch(),
              List.of(new Subscription(StoreFixture.filter("w/#"), null, all, 0))));

      var trie = new SubscriptionTrie();
      List<String> due = new ArrayList<>();
      new SessionRegistry(
              List.of(new ImpatientLoop(Runnable::run)),
              trie,
              fixture.store,
              Clocks.system(),
              new Metrics(1, "test"),
              LimitsConfig.DEFAULTS,
              SessionConfig.DEFAULTS,
              (clientId, _, _) -> due.add(clientId + " with " + trie.size() + " subscriptions"))
          .load();
      assertEquals(List.of("mourned with 1 subscriptions"), due);
    } finally {
      fixture.close();
    }
  }

  @Test
  void ofAWillOnlyItsDelayIsReadBeforeItIsDue(@TempDir Path directory) throws Exception {
    var fixture = StoreFixture.open(directory);
    try {
      StoreWriter writer = fixture.store.writer();
      OpenedSession mourned = open(writer, "mourned", will());
      open(writer, "damaged", Arrays.copyOf(will(), will().length - 10));
      List<Runnable> waiting = new ArrayList<>();
      var loop = new ImpatientLoop(waiting::add);
      List<String> due = new ArrayList<>();
      new SessionRegistry(
              List.of(loop),
              new SubscriptionTrie(),
              fixture.store,
              Clocks.system(),
              new Metrics(1, "test"),
              LimitsConfig.DEFAULTS,
              SessionConfig.DEFAULTS,
              (_, will, _) -> due.add(new String(will.payload(), UTF_8)))
          .load();
      assertEquals(0, loop.memory().held());
      writer.await(new RenewWill(mourned.number(), mourned.epoch(), will("as it is now")));
      waiting.forEach(Runnable::run);
      assertEquals(List.of("as it is now"), due);
    } finally {
      fixture.close();
    }
  }

  @ParameterizedTest
  @MethodSource("damagedWills")
  void aWillThatAStartOrItsPublicationCannotReadIsFoundAndLeftOut(
      byte[] damaged, @TempDir Path directory) throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      StoreWriter writer = fixture.store.writer();
      open(writer, "sound", will());
      open(writer, "damaged", damaged);
    }
    StoreCheck.Report report = check(directory);
    assertEquals(1, report.problems(), () -> report.descriptions().toString());
    StoreRepair.Report repaired =
        StoreRepair.run(directory, StoreFixture.CONFIG, SessionWill::requireForm, 10);
    assertEquals(1, repaired.leftOut(), () -> repaired.descriptions().toString());
    assertTrue(check(directory).isSound());
    try (var fixture = StoreFixture.open(directory)) {
      List<String> due = new ArrayList<>();
      var registry =
          new SessionRegistry(
              List.of(new ImpatientLoop(Runnable::run)),
              new SubscriptionTrie(),
              fixture.store,
              Clocks.system(),
              new Metrics(1, "test"),
              LimitsConfig.DEFAULTS,
              SessionConfig.DEFAULTS,
              (clientId, _, _) -> due.add(clientId));
      registry.load();
      assertEquals(List.of("sound"), due);
      assertEquals(2, registry.size());
    }
  }

  private static List<byte[]> damagedWills() {
    return List.of(
        Arrays.copyOf(will(), will().length - "gone".length() - "w/mourned".length()),
        changed("\"delaySeconds\":0", "\"delaySeconds\":x"),
        changed(":-1,\"delaySeconds\":0", ":0,\"delaySeconds\":-1"),
        changed("\"principal\"", "\"prinzipal\""),
        changed("w/mourned", "w/mou#ned"),
        ByteBuffer.wrap(will()).putInt(0, 0).array(),
        ByteBuffer.wrap(will()).putInt(0, Integer.MAX_VALUE).array());
  }

  private static byte[] changed(String from, String to) {
    return new String(will(), ISO_8859_1).replace(from, to).getBytes(ISO_8859_1);
  }

  private static StoreCheck.Report check(Path directory) throws Exception {
    return StoreCheck.run(directory, StoreFixture.CONFIG, SessionWill::requireForm, 10);
  }

  private static OpenedSession open(StoreWriter writer, String clientId, byte @Nullable [] will)
      throws Exception {
    return (OpenedSession)
        requireNonNull(writer.await(new OpenSession(clientId, "owner", 3_600, false, will)));
  }

  private static byte[] will() {
    return will("gone");
  }

  private static byte[] will(String payload) {
    return new SessionWill(
            StoreFixture.filter("w/mourned").asTopicName(),
            Qos.AT_LEAST_ONCE,
            false,
            Properties.NONE,
            payload.getBytes(UTF_8),
            -1,
            0,
            Principal.anonymous(),
            "l",
            "tcp",
            "",
            "")
        .encode();
  }

  /** Runs at once what it is given. */
  private static final class ImpatientLoop implements EventLoop {
    private final CountedMemory memory = new CountedMemory();

    /** Of what is due soon. */
    private final Executor soon;

    ImpatientLoop(Executor soon) {
      this.soon = soon;
    }

    @Override
    public int index() {
      return 0;
    }

    @Override
    public boolean isCurrent() {
      return true;
    }

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public void runAtEndOfPass(Runnable task) {
      task.run();
    }

    @Override
    public Timer schedule(long delayMillis, Runnable task) {
      if (delayMillis <= SOON_MILLIS) {
        soon.execute(task);
      }
      return () -> {};
    }

    @Override
    public long nowMillis() {
      return 0;
    }

    @Override
    public boolean congested() {
      return false;
    }

    @Override
    public CountedMemory memory() {
      return memory;
    }
  }
}
