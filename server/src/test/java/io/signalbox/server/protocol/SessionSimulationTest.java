package io.signalbox.server.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A durable subscriber and publishers with lasting sessions come and go, are taken over and move
 * between I/O threads, while the publishers send QoS 1 and 2: nothing that was acknowledged is
 * lost, QoS 2 arrives once, and the order of each publisher and QoS is kept. The interleaving of
 * the loops follows from the seed; only the store's own thread is real.
 */
final class SessionSimulationTest {
  private static final long DEADLINE_SECONDS = 120;
  private static final int PUBLISHES = 250;

  @TempDir Path data;

  /** For hours: {@code -Dsimulation.first=1000 -Dsimulation.seeds=500}. */
  static LongStream seeds() {
    long first = Long.getLong("simulation.first", 1);
    return LongStream.range(first, first + Long.getLong("simulation.seeds", 6));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Behaviour({53, 144})
  void losesNothingWhileClientsMove(long seed) throws Exception {
    play(seed, false, false);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void losesNothingWhileMemoryIsScarceNowAndThen(long seed) throws Exception {
    play(seed, true, false);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void losesNothingWhileTheDiskIsSlowNowAndThen(long seed) throws Exception {
    play(seed, false, true);
  }

  private void play(long seed, boolean memoryChanges, boolean diskChanges) throws Exception {
    try (World world = new World(data, seed)) {
      world.memoryChanges = memoryChanges;
      world.diskChanges = diskChanges;
      world.run();
      world.everybodyLeaves();
    }
  }

  private static final class World implements AutoCloseable {
    final Random random;
    final SimulatedBroker broker;
    final ManualLoops loops;
    final List<PublishingClient> publishers = new ArrayList<>();
    final SubscribingClient subscriber;
    boolean memoryChanges;
    boolean diskChanges;

    World(Path data, long seed) throws Exception {
      random = new Random(seed);
      broker = new SimulatedBroker(data, 3, seed, smallMemory());
      loops = broker.loops;
      subscriber = new SubscribingClient(this);
      for (int i = 0; i < 3; i++) {
        publishers.add(new PublishingClient(this, i));
      }
    }

    /** Little room in memory, so that the session falls behind and reads from disk. */
    private static SessionConfig smallMemory() {
      SessionConfig d = SessionConfig.DEFAULTS;
      return new SessionConfig(
          d.expirySecondsMax(),
          d.queueMessagesMax(),
          d.queueBytesMax(),
          d.queueOverflow(),
          10,
          d.memoryQueueBytesMax(),
          d.willRestartGrace(),
          d.sharedHandover());
    }

    void run() {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
      subscriber.connect();
      await(deadline, () -> subscriber.subscribed);
      while (!publishers.stream().allMatch(PublishingClient::done)) {
        turn(deadline, true);
      }
      subscriber.calm = true;
      await(deadline, () -> subscriber.hasAll(publishers));
      for (PublishingClient publisher : publishers) {
        assertEquals(PUBLISHES, publisher.acknowledged, "acknowledged of " + publisher.index);
      }
    }

    /** What waited in memory for clients that are gone is held no more. */
    void everybodyLeaves() {
      diskIsAsEver();
      subscriber.leave();
      publishers.forEach(PublishingClient::leave);
      while (loops.step()) {
        // one task after the other
      }
      assertEquals(0, loops.memory.held(), "bytes held");
    }

    private void await(long deadline, java.util.function.BooleanSupplier condition) {
      while (!condition.getAsBoolean()) {
        turn(deadline, false);
      }
    }

    private void turn(long deadline, boolean trouble) {
      if (System.nanoTime() > deadline) {
        fail("not done in time; " + subscriber.state(publishers));
      }
      if (memoryChanges && random.nextInt(200) == 0) {
        loops.memory.eighthsUsed(random.nextInt(9));
        loops.advance(500); // who waits for memory looks from time to time
      }
      if (diskChanges) {
        changeDisk();
      }
      int what = random.nextInt(12);
      if (what < 8) {
        if (!loops.step()) {
          LockSupport.parkNanos(20_000); // only the store's thread has work
        }
      } else if (what == 8) {
        PublishingClient publisher = publishers.get(random.nextInt(publishers.size()));
        if (trouble && random.nextInt(20) == 0) {
          publisher.trouble();
        } else {
          publisher.act();
        }
      } else if (what == 9) {
        publishers.forEach(PublishingClient::read);
      } else if (what == 10) {
        subscriber.act();
      } else if (!trouble || random.nextInt(20) > 0) {
        subscriber.keepConnected();
      } else {
        subscriber.trouble();
      }
    }

    /** Commits wait, or a loop does not hear of them; what is read from disk comes late too. */
    private void changeDisk() {
      switch (random.nextInt(400)) {
        case 0 -> broker.holdDisk();
        case 1, 2 -> broker.releaseDisk();
        case 3, 4, 5 -> anyLoop().answersAreLate(true);
        case 6, 7, 8, 9, 10 -> anyLoop().answersAreLate(false);
        default -> {} // as before
      }
    }

    void diskIsAsEver() {
      broker.releaseDisk();
      loops.loops.forEach(loop -> loop.answersAreLate(false));
    }

    private ManualLoops.Loop anyLoop() {
      return loops.loops.get(random.nextInt(loops.loops.size()));
    }

    FakeConnection connect(String clientId, boolean cleanStart, long expiry, int receiveMaximum) {
      FakeConnection connection = broker.connection(anyLoop(), ProtocolVersion.V5);
      Properties properties =
          Properties.NONE
              .with(Property.SESSION_EXPIRY_INTERVAL, expiry)
              .with(Property.RECEIVE_MAXIMUM, receiveMaximum);
      send(
          connection,
          new Connect(ProtocolVersion.V5, clientId, cleanStart, 0, null, null, null, properties));
      return connection;
    }

    void send(FakeConnection connection, Packet packet) {
      connection.loop().execute(() -> connection.receive(packet));
    }

    @Override
    public void close() {
      diskIsAsEver(); // a test that failed may hold it
      broker.close();
    }
  }

  /**
   * Publishes its own numbers in turn, each QoS with its own, and after each break sends again what
   * was not acknowledged.
   */
  private static final class PublishingClient {
    final World world;
    final int index;
    final int[] next = new int[3];
    int sent;
    int acknowledged;
    private FakeConnection connection;
    private boolean established;
    private int packetId;

    /** By Packet Identifier, in the order of sending: PUBLISH, or after PUBREC its PUBREL. */
    private final Map<Integer, Packet> underWay = new LinkedHashMap<>();

    PublishingClient(World world, int index) {
      this.world = world;
      this.index = index;
      connection = connect();
    }

    private FakeConnection connect() {
      return world.connect("publisher" + index, false, 1_000, 100);
    }

    /** Drops the connection, or connects again while the old one stands. */
    void trouble() {
      FakeConnection before = connection;
      if (!established) {
        return; // on a slow disk it would never get further
      }
      if (world.random.nextBoolean()) {
        before.loop().execute(before::drop);
      }
      established = false;
      connection = connect();
    }

    void leave() {
      connection.loop().execute(connection::drop);
    }

    boolean done() {
      return acknowledged == PUBLISHES;
    }

    void act() {
      boolean ready = established && world.subscriber.subscribed;
      if (!ready || sent == PUBLISHES || sent - acknowledged > 50) {
        return;
      }
      Qos qos = world.random.nextBoolean() ? Qos.AT_LEAST_ONCE : Qos.EXACTLY_ONCE;
      sent++;
      packetId = packetId % 65_535 + 1;
      byte[] payload =
          ByteBuffer.allocate(12)
              .putInt(index)
              .putInt(qos.value())
              .putInt(next[qos.value()]++)
              .array();
      send(publish(qos, false, packetId, payload));
    }

    private Publish publish(Qos qos, boolean dup, int withPacketId, byte[] payload) {
      return new Publish(
          SimulatedBroker.topic("t/" + index),
          qos,
          dup,
          false,
          withPacketId,
          Properties.NONE,
          payload);
    }

    private void send(Packet packet) {
      switch (packet) {
        case Publish publish -> underWay.put(publish.packetId(), publish);
        case PubRel rel -> underWay.put(rel.packetId(), rel);
        case Packet other -> fail("a publisher sends no " + other);
      }
      world.send(connection, packet);
    }

    private void completed(int id) {
      assertNotNull(underWay.remove(id), () -> "nothing was sent with " + id);
      acknowledged++;
    }

    private void connected(ConnAck ack) {
      if (ack.reason() == ReasonCode.SERVER_BUSY) {
        connection = connect(); // too many of its own connections raced
        return;
      }
      assertFalse(ack.reason().isError(), () -> "CONNACK " + ack);
      established = true;
      for (Packet packet : List.copyOf(underWay.values())) {
        send(
            packet instanceof Publish p
                ? publish(p.qos(), true, p.packetId(), p.payload())
                : packet);
      }
    }

    void read() {
      while (!connection.sent.isEmpty()) {
        switch (connection.sent.remove()) {
          case PubAck ack -> {
            assertFalse(ack.reason().isError(), () -> "PUBACK " + ack);
            completed(ack.packetId());
          }
          case PubRec rec -> {
            assertFalse(rec.reason().isError(), () -> "PUBREC " + rec);
            send(new PubRel(rec.packetId()));
          }
          case PubComp comp -> completed(comp.packetId()); // 0x92: its answer was lost
          case ConnAck ack -> connected(ack);
          case Packet other -> fail("a publisher got " + other);
        }
      }
    }
  }

  /** Keeps what a QoS 2 receiver keeps over its connections, and checks order and copies. */
  private static final class SubscribingClient {
    final World world;
    boolean subscribed;
    boolean calm;
    private @Nullable FakeConnection connection;
    private boolean established;
    private boolean resumed;
    private final Set<Integer> receivedNotReleased = new HashSet<>();
    private final Map<String, Integer> highest = new HashMap<>();
    private final Map<String, Integer> copies = new HashMap<>();
    private final List<Packet> answers = new ArrayList<>();

    SubscribingClient(World world) {
      this.world = world;
    }

    void connect() {
      answers.clear();
      established = false;
      connection = world.connect("subscriber", false, 1_000, 1 + world.random.nextInt(20));
    }

    void keepConnected() {
      FakeConnection now = connection;
      if (now == null || (!now.isOpen() && now.sent.isEmpty())) {
        connect();
      }
    }

    /** Drops the connection, or connects again while the old one stands. */
    void trouble() {
      FakeConnection now = connection;
      if (now != null && world.random.nextBoolean()) {
        now.loop().execute(now::drop);
      }
      connect();
    }

    void leave() {
      FakeConnection now = connection;
      if (now != null) {
        now.loop().execute(now::drop);
      }
    }

    void act() {
      FakeConnection now = connection;
      if (now == null) {
        return;
      }
      int reads = world.random.nextInt(6);
      for (int i = 0; i < reads && !now.sent.isEmpty(); i++) {
        read(now, now.sent.remove());
      }
      int sends = calm ? answers.size() : world.random.nextInt(answers.size() + 1);
      for (int i = 0; i < sends; i++) {
        world.send(now, answers.removeFirst());
      }
    }

    private void read(FakeConnection from, Packet packet) {
      switch (packet) {
        case ConnAck ack -> {
          if (ack.reason() == ReasonCode.SERVER_BUSY) {
            return; // too many of its own connections raced; it tries again
          }
          assertFalse(ack.reason().isError(), () -> "CONNACK " + ack);
          assertEquals(resumed, ack.sessionPresent(), "session present");
          established = true;
          if (!resumed) {
            world.send(
                from,
                new Subscribe(
                    1,
                    List.of(
                        new RequestedSubscription(
                            "t/#",
                            new SubscriptionOptions(
                                Qos.EXACTLY_ONCE, false, false, RetainHandling.SEND))),
                    Properties.NONE));
          }
        }
        case Publish publish -> {
          assertTrue(established, "PUBLISH before CONNACK");
          received(publish);
        }
        case PubRel rel -> {
          receivedNotReleased.remove(rel.packetId());
          answers.add(new PubComp(rel.packetId()));
        }
        case io.signalbox.server.packet.SubAck _ -> {
          subscribed = true;
          resumed = true;
        }
        case Packet other -> fail("the subscriber got " + other);
      }
    }

    private void received(Publish publish) {
      ByteBuffer payload = ByteBuffer.wrap(publish.payload());
      int publisher = payload.getInt();
      int qos = payload.getInt();
      int number = payload.getInt();
      assertEquals(qos, publish.qos().value());
      String stream = publisher + "/" + qos;
      if (publish.qos() == Qos.EXACTLY_ONCE) {
        answers.add(new PubRec(publish.packetId()));
        if (!receivedNotReleased.add(publish.packetId())) {
          assertTrue(publish.dup(), "the same packet identifier again without DUP");
          return;
        }
        int copy = copies.merge(stream + "/" + number, 1, Integer::sum);
        assertEquals(1, copy, () -> "QoS 2 message " + stream + "/" + number + " came twice");
      } else {
        answers.add(new PubAck(publish.packetId()));
        copies.merge(stream + "/" + number, 1, Integer::sum);
      }
      int before = highest.getOrDefault(stream, -1);
      if (number > before) {
        assertEquals(before + 1, number, () -> "a gap in " + stream);
        highest.put(stream, number);
      } else {
        assertEquals(
            Qos.AT_LEAST_ONCE, publish.qos(), () -> "out of order: " + stream + "/" + number);
      }
    }

    boolean hasAll(List<PublishingClient> publishers) {
      for (PublishingClient publisher : publishers) {
        for (int qos = 1; qos <= 2; qos++) {
          if (highest.getOrDefault(publisher.index + "/" + qos, -1) != publisher.next[qos] - 1) {
            return false;
          }
        }
      }
      return true;
    }

    String state(List<PublishingClient> publishers) {
      StringBuilder text = new StringBuilder("subscriber has " + new java.util.TreeMap<>(highest));
      for (PublishingClient p : publishers) {
        text.append(", publisher ")
            .append(p.index)
            .append(" sent ")
            .append(p.next[1])
            .append('+')
            .append(p.next[2])
            .append(" acknowledged ")
            .append(p.acknowledged);
      }
      return text.toString();
    }
  }
}
