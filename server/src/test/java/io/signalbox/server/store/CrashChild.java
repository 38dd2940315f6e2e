package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.eventloop.EventLoop;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The process that {@link CrashTest} kills. It writes to the store as fast as it is answered and
 * tells on its standard output, once a line is durable, what was acknowledged.
 *
 * <p>Output, all eight byte numbers: kind, value. A publish to a session has its payload's number,
 * a dequeue the number of the message, a retained value the number set.
 */
final class CrashChild {
  static final long STARTED = 0;
  static final long QUEUED = 1;
  static final long SUBMITTED_DEQUEUE = 2;
  static final long DEQUEUED = 3;
  static final long RETAINED = 4;
  static final long TWINS = 5;
  static final byte[] TWIN = {'t'};

  static final int SESSIONS = 8;
  static final int RETAINED_TOPICS = 16;
  private static final int OUTSTANDING = 200;

  private final StoreFixture fixture;
  private final DataOutputStream out;
  private final OpenedSession[] sessions = new OpenedSession[SESSIONS];
  private long next;

  private CrashChild(StoreFixture fixture, long first, DataOutputStream out) {
    this.fixture = fixture;
    this.next = first;
    this.out = out;
  }

  /** Arguments: directory, first number to publish. */
  public static void main(String[] arguments) throws Exception {
    var out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));
    var child =
        new CrashChild(StoreFixture.open(Path.of(arguments[0])), Long.parseLong(arguments[1]), out);
    for (int i = 0; i < SESSIONS; i++) {
      child.sessions[i] = child.fixture.session("device-" + i);
    }
    child.fixture.loop.execute(
        () -> {
          child.tell(STARTED, 0);
          for (int i = 0; i < OUTSTANDING; i++) {
            child.publish();
          }
        });
    child.fixture.store.startHousekeeping();
    new java.util.concurrent.CountDownLatch(1).await();
  }

  private void tell(long kind, long value) {
    try {
      out.writeLong(kind);
      out.writeLong(value);
      if (next % 16 == 0) {
        out.flush();
      }
    } catch (IOException e) {
      Runtime.getRuntime().halt(1); // nobody listens any more
    }
  }

  /** Each to one session or, every fourth, to all; every third is acknowledged by its receivers. */
  private void publish() {
    long number = next++;
    boolean all = number % 4 == 0;
    long[] receivers =
        all
            ? Arrays.stream(sessions).mapToLong(OpenedSession::number).toArray()
            : new long[] {sessions[(int) (number % SESSIONS)].number()};
    // Some are larger than a page.
    String payload = number + "x".repeat(number % 64 == 0 ? 6_000 : 40);
    StorePublish publish = StoreFixture.publish(StoreFixture.message("a/b", payload), receivers);
    submit(
        publish,
        () -> {
          tell(QUEUED, number);
          if (number % 3 == 0) {
            dequeue(publish, number, receivers);
          }
          if (number % 5 == 0) {
            retain(number);
          }
          if (number % 7 == 0) {
            writeTwins(number);
          }
          publish();
        });
  }

  private void dequeue(StorePublish publish, long number, long[] receivers) {
    tell(SUBMITTED_DEQUEUE, number);
    for (int i = 0; i < receivers.length; i++) {
      boolean last = i == receivers.length - 1;
      submit(
          new Dequeue(receivers[i], Command.ANY_EPOCH, publish.sequence(), null),
          () -> {
            if (last) {
              tell(DEQUEUED, number);
            }
          });
    }
  }

  /** Two records that always say the same, in two tables; some of them too long for a page. */
  private void writeTwins(long number) {
    byte[] value = (number + "x".repeat(number % 2 == 0 ? 6_000 : 40)).getBytes(UTF_8);
    submit(
        new WriteRecords(
            List.of(
                new WriteRecords.Write(RecordTable.REGISTRY, TWIN, PutRecord.ANY_REVISION, value),
                new WriteRecords.Write(RecordTable.POLICY, TWIN, PutRecord.ANY_REVISION, value)),
            true),
        () -> tell(TWINS, number));
  }

  private void retain(long number) {
    String topic = "retained/" + number % RETAINED_TOPICS;
    submit(
        StoreFixture.retain(StoreFixture.message(topic, String.valueOf(number))),
        () -> tell(RETAINED, number));
  }

  private void submit(Command command, Runnable durable) {
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
                if (failure == null) {
                  durable.run();
                }
              }
            });
  }
}
