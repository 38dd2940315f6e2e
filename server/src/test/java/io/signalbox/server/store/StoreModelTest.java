package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.Subscription;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random commands against {@link StoreModel}, in batches of random size, with the store closed and
 * opened in between: every result and, at each opening, every row must be the model's.
 */
final class StoreModelTest {
  private static final int ROUNDS = 4;
  private static final int STEPS = 60;
  private static final int TOPICS = 40;

  /** Of the messages for the first topic, if they expire; one more for each other topic. */
  private static final long FIRST_EXPIRY_MILLIS = Long.MAX_VALUE / 2;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "1, DROP_NEWEST",
    "2, DROP_NEWEST",
    "3, DROP_OLDEST",
    "4, DROP_OLDEST",
    "0, DROP_NEWEST"
  })
  void holdsWhatTheModelHolds(long fixedSeed, Overflow overflow) throws Exception {
    long seed = fixedSeed == 0 ? System.nanoTime() : fixedSeed;
    var random = new Random(seed);
    var limits = new StoreLimits(12, 20_000, overflow, 40, 25, 30_000);
    var model = new StoreModel(limits);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        try (var fixture = StoreFixture.open(directory, limits)) {
          compare(model, fixture);
          var run = new Run(model, fixture, random);
          for (int step = 0; step < STEPS; step++) {
            run.batch(1 + random.nextInt(60), step % 2 == 0);
          }
          compare(model, fixture);
          sweepAll(fixture);
          compare(model, fixture);
        }
        StoreCheck.Report report = StoreCheck.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
        assertTrue(report.isSound(), () -> report.descriptions().toString());
      }
    } catch (AssertionError | Exception e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private static void sweepAll(StoreFixture fixture) throws Exception {
    while (Boolean.TRUE.equals(fixture.apply(new Sweep(40)))) {}
  }

  /** Makes commands; some name rows by a publish of the same batch, some by one of the last. */
  private static final class Run {
    private final StoreModel model;
    private final StoreFixture fixture;
    private final Random random;
    private final List<StorePublish> handles = new ArrayList<>();

    Run(StoreModel model, StoreFixture fixture, Random random) {
      this.model = model;
      this.fixture = fixture;
      this.random = random;
    }

    /**
     * @param inBytes the commands go through their byte form, as a replicated log would carry them
     */
    void batch(int count, boolean inBytes) throws Exception {
      List<Command> made = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        made.add(command());
      }
      List<Command> commands =
          inBytes ? LogEntry.decode(new LogEntry(true, made).encode()).commands() : made;
      List<@Nullable Object> expected = new ArrayList<>();
      List<CompletableFuture<@Nullable Object>> answers = new ArrayList<>();
      for (Command command : commands) {
        expected.add(model.apply(command));
        answers.add(submit(command));
      }
      for (int i = 0; i < count; i++) {
        Object answer = answers.get(i).get(60, TimeUnit.SECONDS);
        Command command = commands.get(i);
        if (answer instanceof StorePublish publish) {
          List<Boolean> accepted = new ArrayList<>();
          for (int r = 0; r < publish.receivers(); r++) {
            accepted.add(publish.accepted(r));
          }
          answer = new StoreModel.Published(publish.sequence(), publish.duplicate(), accepted);
        } else if ((command instanceof PutRecord || command instanceof WriteRecords)
            && answer instanceof Long) {
          answer = null;
        }
        assertEquals(expected.get(i), answer, command::toString);
      }
      handles.clear();
      for (Command command : commands) {
        if (command instanceof StorePublish publish && publish.sequence() != 0) {
          handles.add(publish);
        }
      }
    }

    private CompletableFuture<@Nullable Object> submit(Command command) {
      var answer = new CompletableFuture<@Nullable Object>();
      fixture
          .store
          .writer()
          .submit(
              command,
              new Completion() {
                @Override
                public EventLoop loop() {
                  return fixture.loop;
                }

                @Override
                public void completed(@Nullable Object result, @Nullable StoreException failure) {
                  answer.complete(failure == null ? result : failure.reason());
                }
              });
      return answer;
    }

    private StoreModel.@Nullable Session anySession() {
      List<StoreModel.Session> all = List.copyOf(model.byNumber.values());
      return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
    }

    private long epoch(StoreModel.Session session) {
      return switch (random.nextInt(10)) {
        case 0 -> session.epoch - 1;
        case 1 -> Command.ANY_EPOCH;
        default -> session.epoch;
      };
    }

    private Command command() {
      StoreModel.Session session = anySession();
      if (session == null || random.nextInt(25) == 0) {
        String clientId = "client-" + random.nextInt(8);
        return new OpenSession(
            random.nextInt(6) == 0 ? clientId + "x".repeat(600) : clientId,
            "owner-" + random.nextInt(3),
            random.nextInt(3) == 0 ? 0xFFFF_FFFFL : random.nextInt(100),
            random.nextInt(4) == 0,
            random.nextBoolean() ? will() : null);
      }
      return switch (random.nextInt(27)) {
        case 0 ->
            new DisconnectSession(
                session.number,
                epoch(session),
                random.nextInt(100),
                random.nextInt(200_000),
                random.nextInt(3));
        case 1 ->
            random.nextInt(6) == 0 ? new EndSession(session.number, epoch(session)) : new Barrier();
        case 2 ->
            new StoreSubscriptions(
                session.number, epoch(session), List.of(subscription(), subscription()));
        case 3 ->
            new RemoveSubscriptions(
                session.number, epoch(session), List.of(subscription().requestedFilter()));
        case 4, 5, 6, 7, 8 -> publish(session);
        case 9, 10, 11, 12, 13 -> {
          StorePublish handle = handle(session.number);
          yield handle == null
              ? new Dequeue(session.number, epoch(session), sequence(session), null)
              : new Dequeue(session.number, epoch(session), 0, handle);
        }
        case 14 ->
            new AssignPacketId(session.number, epoch(session), sequence(session), null, packetId());
        case 15 -> {
          StorePublish handle = handle(session.number);
          yield handle == null
              ? new Barrier()
              : new AssignPacketId(session.number, epoch(session), 0, handle, packetId());
        }
        case 16 ->
            new MarkReleased(session.number, epoch(session), sequence(session), null, packetId());
        case 17 -> {
          StorePublish handle = handle(session.number);
          yield handle == null
              ? new Barrier()
              : new MarkReleased(session.number, epoch(session), 0, handle, packetId());
        }
        case 18 -> new ReleaseInbound(session.number, epoch(session), 1 + random.nextInt(5));
        case 19 ->
            random.nextInt(5) == 0
                ? new MarkSent(session.number, epoch(session), sequence(session))
                : new Barrier();
        case 20 -> {
          StoreModel.Session to = anySession();
          StorePublish handle = random.nextBoolean() ? handle(session.number) : null;
          yield new MoveQueued(
              session.number,
              epoch(session),
              handle == null ? sequence(session) : 0,
              handle,
              to == null || to == session ? 9_999 : to.number,
              StorePublish.flags(Qos.AT_LEAST_ONCE, random.nextBoolean(), true),
              new int[] {random.nextInt(1, 300)});
        }
        case 21 ->
            new PutRecord(
                random.nextBoolean() ? RecordTable.REGISTRY : RecordTable.POLICY,
                ("key-" + random.nextInt(5)).getBytes(java.nio.charset.StandardCharsets.UTF_8),
                random.nextBoolean() ? 0 : PutRecord.ANY_REVISION,
                bytes(random.nextInt(3_000)),
                random.nextBoolean());
        case 22 ->
            new DeleteRecord(
                RecordTable.REGISTRY,
                ("key-" + random.nextInt(5)).getBytes(java.nio.charset.StandardCharsets.UTF_8),
                PutRecord.ANY_REVISION);
        case 23 -> writeRecords();
        case 24 -> new RenewWill(session.number, epoch(session), will());
        case 25 -> dropExpired();
        default -> retain();
      };
    }

    /** Also of what is not expired, as it may have come in place of what was. */
    private DropExpired dropExpired() {
      List<byte[]> topics = new ArrayList<>();
      for (int topic = 0; topic < TOPICS; topic++) {
        if (random.nextInt(4) == 0) {
          topics.add(StoreFixture.topic(topicName(topic)).utf8());
        }
      }
      List<StoreModel.Session> sessions = List.copyOf(model.byNumber.values());
      long[] numbers = new long[sessions.size()];
      long[] sequences = new long[numbers.length];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = sessions.get(i).number;
        sequences[i] = sequence(sessions.get(i));
      }
      return new DropExpired(
          FIRST_EXPIRY_MILLIS + random.nextInt(TOPICS), topics, numbers, sequences);
    }

    private WriteRecords writeRecords() {
      Map<String, WriteRecords.Write> writes = new TreeMap<>();
      for (int left = 1 + random.nextInt(4); left > 0; left--) {
        RecordTable table = random.nextBoolean() ? RecordTable.REGISTRY : RecordTable.POLICY;
        String key = "key-" + random.nextInt(5);
        byte[] utf8 = key.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        long expected = random.nextInt(3) == 0 ? 0 : PutRecord.ANY_REVISION;
        writes.put(
            table + key,
            random.nextInt(3) == 0
                ? WriteRecords.Write.remove(table, utf8, expected)
                : WriteRecords.Write.put(table, utf8, expected, bytes(random.nextInt(3_000))));
      }
      return new WriteRecords(List.copyOf(writes.values()), random.nextBoolean());
    }

    private int packetId() {
      return 1 + random.nextInt(65_535);
    }

    private long sequence(StoreModel.Session session) {
      List<Long> all = List.copyOf(session.queue.keySet());
      return all.isEmpty() || random.nextInt(10) == 0
          ? 1 + random.nextInt(1_000)
          : all.get(random.nextInt(all.size()));
    }

    private @Nullable StorePublish handle(long number) {
      List<StorePublish> own = new ArrayList<>();
      for (StorePublish handle : handles) {
        if (handle.indexOf(number) >= 0) {
          own.add(handle);
        }
      }
      return own.isEmpty() ? null : own.get(random.nextInt(own.size()));
    }

    private StorePublish publish(StoreModel.Session publisher) {
      List<Long> numbers = new ArrayList<>();
      for (Long number : model.byNumber.keySet()) {
        if (random.nextInt(3) == 0) {
          numbers.add(number);
        }
      }
      if (random.nextInt(10) == 0) {
        for (long gone = 10_000; gone < 10_015; gone++) {
          numbers.add(gone); // many, so that the hashed index is used
        }
      }
      byte[] flags = new byte[numbers.size()];
      int[][] identifiers = new int[numbers.size()][];
      for (int i = 0; i < flags.length; i++) {
        flags[i] =
            StorePublish.flags(
                random.nextBoolean() ? Qos.AT_LEAST_ONCE : Qos.EXACTLY_ONCE,
                random.nextBoolean(),
                random.nextBoolean());
        identifiers[i] =
            random.nextInt(4) == 0 ? new int[] {1, random.nextInt(1, 268_435_456)} : new int[0];
      }
      boolean qos2 = random.nextInt(4) == 0;
      var publish =
          new StorePublish(
              message(random.nextInt(20), random.nextInt(5) == 0 ? 0 : size()),
              new StorePublish.Keepers(
                  numbers.stream().mapToLong(n -> n).toArray(), flags, identifiers),
              StorePublish.Retaining.of(random.nextInt(4) == 0 ? 1 + random.nextInt(2) : 0),
              qos2
                  ? new StorePublish.Qos2Origin(
                      publisher.number, 1 + random.nextInt(5), epoch(publisher))
                  : StorePublish.Qos2Origin.NONE,
              random.nextInt(6) == 0 ? publisher.number : 0,
              random.nextBoolean());
      for (int i = 0; i < flags.length; i++) {
        if (random.nextInt(3) == 0) {
          assertTrue(publish.claimPacketId(i, packetId()));
        }
      }
      handles.add(publish);
      return publish;
    }

    private int size() {
      return switch (random.nextInt(8)) {
        case 0 -> 1_900 + random.nextInt(300);
        case 1 -> 3_900 + random.nextInt(400);
        case 2 -> random.nextInt(9_000);
        default -> random.nextInt(200);
      };
    }

    private StorePublish retain() {
      return StoreFixture.retain(
          message(random.nextInt(TOPICS), random.nextInt(3) == 0 ? 0 : size()));
    }

    private Message message(int topic, int payload) {
      Properties properties =
          random.nextInt(3) == 0
              ? Properties.NONE
                  .with(Property.CONTENT_TYPE, "text/plain")
                  .withUserProperty("name", "value " + random.nextInt())
              : Properties.NONE;
      var message =
          new Message(
              StoreFixture.topic(topicName(topic)),
              Qos.of(random.nextInt(3)),
              random.nextBoolean(),
              properties,
              random.nextInt(4) == 0 ? FIRST_EXPIRY_MILLIS + topic : Message.NEVER_EXPIRES,
              bytes(payload),
              null,
              random.nextBoolean() ? "" : "publisher-" + topic);
      return message;
    }

    private byte[] will() {
      byte[] head = bytes(random.nextInt(1, 300));
      byte[] rest = bytes(random.nextInt(3_000));
      return ByteBuffer.allocate(4 + head.length + rest.length)
          .putInt(head.length)
          .put(head)
          .put(rest)
          .array();
    }

    private byte[] bytes(int length) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      return bytes;
    }

    private Subscription subscription() {
      int n = random.nextInt(12);
      String filter =
          switch (n % 3) {
            case 0 -> "a/+/" + n;
            case 1 -> "b/" + "long/".repeat(120) + n + "/#";
            default -> "c/" + n;
          };
      return new Subscription(
          StoreFixture.filter(filter),
          n % 4 == 0 ? "group" : null,
          new SubscriptionOptions(
              Qos.of(random.nextInt(3)),
              random.nextBoolean(),
              random.nextBoolean(),
              RetainHandling.of(random.nextInt(3))),
          random.nextInt(3));
    }
  }

  private static String topicName(int topic) {
    return topic % 7 == 0
        ? "long/" + "level/".repeat(90) + topic
        : "site/" + topic % 4 + "/" + topic;
  }

  private static void compare(StoreModel model, StoreFixture fixture) throws Exception {
    List<SessionRow> rows = fixture.sessions();
    assertEquals(model.byNumber.size(), rows.size());
    for (SessionRow row : rows) {
      StoreModel.Session session = model.byNumber.get(row.number());
      assertNotNull(session);
      assertEquals(session.clientId, row.clientId());
      assertEquals(session.owner, row.owner());
      assertEquals(session.epoch, row.epoch());
      assertEquals(session.expirySeconds, row.expirySeconds());
      assertEquals(session.online, row.online());
      assertEquals(session.disconnectedAt, row.disconnectedAtMillis());
      assertEquals(session.willDue, row.willDueMillis());
      assertArrayEquals(session.will, fixture.store.will(row.number()));
      assertArrayEquals(session.willHead(), row.willHead());
      Map<String, Subscription> subscriptions = new TreeMap<>();
      row.subscriptions().forEach(s -> subscriptions.put(s.requestedFilter(), s));
      assertEquals(session.subscriptions, subscriptions);
      assertArrayEquals(session.inbound.stream().mapToInt(id -> id).toArray(), row.inboundQos2());
      compareQueue(session, fixture);
    }
    List<Message> retained = new ArrayList<>();
    for (byte[] after = null; ; ) {
      var slice = new CompletableFuture<RetainedSlice>();
      assertTrue(
          fixture.store.scanRetained(
              StoreFixture.filter("#"), after, 7, () -> 1 << 20, 0, fixture.loop, slice::complete));
      retained.addAll(slice.get(60, TimeUnit.SECONDS).messages());
      after = slice.get().next();
      if (after == null) {
        break;
      }
    }
    Map<String, Message> byTopic = new TreeMap<>();
    retained.forEach(m -> assertNull(byTopic.put(m.topic().toString(), m)));
    assertEquals(model.retained.keySet(), byTopic.keySet());
    model.retained.forEach((topic, message) -> assertSame(message, byTopic.get(topic)));
    assertEquals(model.retained.size(), fixture.store.totals().retainedMessages());
    assertEquals(model.queuedMessages(), fixture.store.totals().queuedMessages());
    Map<String, byte[]> records = new TreeMap<>();
    for (RecordTable table : RecordTable.values()) {
      fixture.store.records(
          table,
          r ->
              records.put(
                  table + new String(r.key(), java.nio.charset.StandardCharsets.UTF_8), r.value()));
    }
    assertEquals(model.records.keySet(), records.keySet());
    model.records.forEach((key, r) -> assertArrayEquals(r.value(), records.get(key)));
  }

  private static void compareQueue(StoreModel.Session session, StoreFixture fixture)
      throws Exception {
    List<QueuedRow> rows = new ArrayList<>();
    long from = 0;
    while (true) {
      QueueSlice slice = fixture.queue(session.number, from, 5);
      rows.addAll(slice.rows());
      if (slice.end()) {
        break;
      }
      from = slice.rows().getLast().sequence();
    }
    assertEquals(
        List.copyOf(session.queue.keySet()), rows.stream().map(QueuedRow::sequence).toList());
    for (QueuedRow row : rows) {
      StoreModel.Row expected = session.queue.get(row.sequence());
      assertNotNull(expected);
      assertEquals(expected.state, row.state());
      assertEquals(expected.packetId, row.packetId());
      assertEquals(StorePublish.qosOf(expected.flags), row.qos());
      assertEquals(StorePublish.isRetain(expected.flags), row.retain());
      assertEquals(StorePublish.isShared(expected.flags), row.shared());
      assertArrayEquals(expected.identifiers, row.subscriptionIdentifiers());
      assertEquals(
          expected.state != QueuedRow.State.QUEUED || row.sequence() <= session.sentUpTo,
          row.maybeSent());
      if (expected.state == QueuedRow.State.RELEASED) {
        assertNull(row.message());
      } else {
        assertSame(expected.message, row.message());
      }
    }
  }

  private static void assertSame(Message expected, @Nullable Message actual) {
    assertNotNull(actual);
    assertEquals(expected.topic(), actual.topic());
    assertEquals(expected.qos(), actual.qos());
    assertEquals(expected.retain(), actual.retain());
    assertEquals(expected.properties(), actual.properties());
    assertEquals(expected.expiresAtMillis(), actual.expiresAtMillis());
    assertArrayEquals(expected.payload(), actual.payload());
    assertEquals(expected.publisherClientId(), actual.publisherClientId());
  }
}
