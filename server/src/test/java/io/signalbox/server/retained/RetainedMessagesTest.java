package io.signalbox.server.retained;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.routing.Message;
import io.signalbox.server.store.Barrier;
import io.signalbox.server.store.StoreFixture;
import io.signalbox.server.store.StoreLimits;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetainedMessagesTest {
  private static final TopicFilter TOPIC = StoreFixture.filter("plant/état");

  private static final Set<String> FILTERS =
      Set.of(
          "#",
          "+/état",
          "+/nothing",
          "plant/#",
          "plant/+",
          "plant/état/#",
          "plant/état/+",
          "plan/#",
          "plants/+",
          "a/#",
          "z/+/b",
          "$SYS/#");

  private StoreFixture fixture;
  private RetainedMessages retained;
  private Watch watch;

  @BeforeEach
  void open(@TempDir Path directory) throws Exception {
    fixture = StoreFixture.open(directory);
    retained = new RetainedMessages(fixture.store, StoreLimits.DEFAULTS, Clocks.system());
    watch = new Watch(fixture.loop, new LinkedBlockingQueue<>());
  }

  /** What was told to who looked. */
  private record Watch(EventLoop loop, BlockingQueue<String> told) implements RefusalWatch {
    @Override
    public void again(TopicName topic) {
      told.add(topic.toString());
    }

    @Nullable String await() throws InterruptedException {
      return told.poll(60, TimeUnit.SECONDS);
    }
  }

  private @Nullable Message find(TopicFilter exact) {
    return retained.find(exact, watch);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void findsNothingInAnEmptyStore() {
    assertNull(find(TOPIC));
  }

  @Test
  void findsWhatIsOnItsWayToTheDiskAndWhatIsOnIt() throws Exception {
    Message message = message("one");
    retained.pending(message);
    assertEquals(message, find(TOPIC), "pending");
    commit(message);
    Message found = requireNonNull(find(TOPIC), "on disk");
    assertArrayEquals("one".getBytes(UTF_8), found.payload());
    assertEquals("plant/état", found.topic().toString());
    assertNull(find(StoreFixture.filter("plant")));
    assertNull(find(StoreFixture.filter("plant/état/of")));
  }

  @Test
  void prefersTheValueThatIsOnItsWay() throws Exception {
    set("old");
    Message newer = message("new");
    retained.pending(newer);
    assertEquals(newer, find(TOPIC));
    retained.abandoned(newer);
    assertArrayEquals("old".getBytes(UTF_8), payload(find(TOPIC)));
  }

  @Test
  void findsNothingThatIsBeingCleared() throws Exception {
    set("value");
    Message clearing = message("");
    retained.pending(clearing);
    assertNull(find(TOPIC), "the disk still has it");
    commit(clearing);
    assertNull(find(TOPIC));
  }

  @Test
  void findsNothingThatHasExpired() throws Exception {
    long past = System.currentTimeMillis() - 1;
    Message message = StoreFixture.message(TOPIC.toString(), "late", past);
    retained.pending(message);
    assertNull(find(TOPIC), "pending");
    commit(message);
    assertEquals(1, retained.count());
    assertNull(find(TOPIC), "on disk");
  }

  @Test
  void knowsAtOnceWhichFiltersFindNothing() throws Exception {
    assertCandidates(Set.of(), "an empty store");
    Message message = message("one");
    retained.pending(message);
    assertCandidates(FILTERS, "pending, so not looked for");
    commit(message);
    assertCandidates(
        Set.of("#", "+/état", "+/nothing", "plant/#", "plant/+", "plant/état/#"), "on disk");
    Message clearing = message("");
    retained.pending(clearing);
    commit(clearing);
    assertCandidates(Set.of(), "cleared");
  }

  @Test
  void whatIsSettledTwiceHidesNothingThatIsPending() throws Exception {
    Message other = StoreFixture.message("other", "one");
    retained.abandoned(other);
    Message message = message("one");
    retained.pending(message);
    retained.abandoned(other);
    assertTrue(retained.mayMatch(StoreFixture.filter("plant/+")));
    commit(message);
    retained.abandoned(message);
    assertFalse(retained.mayMatch(StoreFixture.filter("other/+")));
  }

  @Test
  void whatWasPublishedIsACandidateFromThenOn() throws Exception {
    int topics = 3_000;
    var published = new AtomicInteger();
    Thread publisher =
        new Thread(
            () -> {
              for (int i = 0; i < topics; i++) {
                Message message = StoreFixture.message("k/" + i + "/x", "one");
                retained.pending(message);
                published.set(i + 1);
                fixture.store.writer().submit(StoreFixture.retain(message), null);
              }
            },
            "publisher");
    publisher.start();
    var random = new Random(1);
    List<Integer> missed = new ArrayList<>();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    int known;
    do {
      assertTrue(System.nanoTime() < deadline, "not all are stored");
      known = published.get();
      for (int look = 0; look < 20 && known > 0; look++) {
        int newest = Math.max(0, known - 1 - random.nextInt(30)); // about to be committed
        int which = random.nextBoolean() ? newest : random.nextInt(known);
        if (!retained.mayMatch(StoreFixture.filter("k/" + which + "/+"))) {
          missed.add(which);
        }
      }
    } while (known < topics || fixture.store.totals().retainedMessages() < topics);
    publisher.join();
    assertEquals(List.of(), missed);
    fixture.store.writer().await(new Barrier());
    assertFalse(retained.mayMatch(StoreFixture.filter("l/+")), "nothing is pending any more");
  }

  @Test
  void knowsCandidatesAmongTopicsLongerThanAKey() throws Exception {
    String start = "plant/" + "x".repeat(600);
    Message message = StoreFixture.message(start + "/a", "one");
    retained.pending(message);
    commit(message);
    assertTrue(retained.mayMatch(StoreFixture.filter(start + "/#")));
    assertTrue(retained.mayMatch(StoreFixture.filter(start + "/a/#")), "its parent");
    assertTrue(retained.mayMatch(StoreFixture.filter(start + "/+")));
    assertFalse(retained.mayMatch(StoreFixture.filter("plant/y/+")));
  }

  @Test
  @Behaviour(196)
  void handsOverNothingThatWasReplacedBeforeItsTurn() throws Exception {
    for (String newer : List.of("newer", "")) {
      retained.pending(message("older"));
      var turn = new CompletableFuture<@Nullable Void>();
      Future<List<String>> scanned = scan("plant/#", turn);
      retained.pending(message(newer)); // its publisher finds the subscriber
      turn.complete(null);
      assertEquals(List.of(), scanned.get(60, TimeUnit.SECONDS), newer);
    }
  }

  @Test
  void tellsOnceWhoFoundWhatIsRefused() throws Exception {
    set("old");
    for (String newer : List.of("new", "")) {
      Message pending = message(newer);
      retained.pending(pending);
      assertEquals(newer.isEmpty() ? null : pending, find(TOPIC));
      Message _ = find(TOPIC);
      retained.abandoned(pending);
      assertEquals(TOPIC.toString(), watch.await());
      assertArrayEquals("old".getBytes(UTF_8), payload(find(TOPIC)));
    }
    set("new");
    assertEquals(Set.of(), Set.copyOf(watch.told), "neither again nor of one that was kept");
  }

  @Test
  void tellsWhoWasGivenWhatIsRefused() throws Exception {
    set("old");
    Message pending = message("new");
    retained.pending(pending);
    Future<List<String>> scanned = scan("plant/#", CompletableFuture.completedFuture(null));
    assertEquals(List.of("new"), scanned.get(60, TimeUnit.SECONDS));
    retained.abandoned(pending);
    assertEquals(TOPIC.toString(), watch.await());
  }

  @Test
  void tellsWhoWasNotGivenWhatARefusedValueHid() throws Exception {
    set("old");
    for (String newer : List.of("new", "")) {
      var turn = new CompletableFuture<@Nullable Void>();
      Future<List<String>> scanned = scan("plant/#", turn);
      Message pending = message(newer);
      retained.pending(pending);
      turn.complete(null);
      assertEquals(List.of(), scanned.get(60, TimeUnit.SECONDS));
      retained.abandoned(pending);
      assertEquals(TOPIC.toString(), watch.await());
    }
  }

  @Test
  void handsOverWhatStandsWhenItsReplacementIsRefusedBeforeItsTurn() throws Exception {
    set("old");
    var turn = new CompletableFuture<@Nullable Void>();
    Message pending = message("");
    retained.pending(pending);
    Future<List<String>> scanned = scan("plant/#", turn);
    retained.abandoned(pending);
    turn.complete(null);
    assertEquals(List.of("old"), scanned.get(60, TimeUnit.SECONDS));
  }

  @Test
  void bringsWhatWasCommittedBeforeItsTurnOnce() throws Exception {
    Message message = message("value");
    retained.pending(message);
    var turn = new CompletableFuture<@Nullable Void>();
    Future<List<String>> scanned = scan("plant/#", turn);
    commit(message);
    turn.complete(null);
    assertEquals(List.of("value"), scanned.get(60, TimeUnit.SECONDS));
  }

  /** What a new subscriber gets whose thread does other things until its turn has come. */
  private Future<List<String>> scan(String filter, CompletableFuture<@Nullable Void> turn) {
    fixture.loop.execute(turn::join);
    List<String> payloads = new ArrayList<>();
    var all = new CompletableFuture<List<String>>();
    retained.forEach(
        StoreFixture.filter(filter),
        fixture.loop,
        10,
        (messages, last, next) -> {
          messages.forEach(message -> payloads.add(new String(message.payload(), UTF_8)));
          if (last) {
            all.complete(payloads);
          } else {
            next.run();
          }
        },
        watch);
    return all;
  }

  @Test
  void readsNoFurtherWhenNobodyWantsTheRest() throws Exception {
    for (int i = 0; i < 100; i++) {
      Message message = StoreFixture.message("plant/" + i + "/x", "value");
      retained.pending(message);
      fixture.store.writer().submit(StoreFixture.retain(message), null);
    }
    fixture.store.writer().await(new Barrier());
    var first = new CompletableFuture<Boolean>();
    retained.forEach(
        StoreFixture.filter("plant/+/y"),
        fixture.loop,
        1,
        (messages, last, _) -> first.complete(last && messages.isEmpty()),
        watch);
    assertFalse(first.get(60, TimeUnit.SECONDS), "nothing was found, but not all looked at");
    assertEquals(1, fixture.metrics.storeSlicesRead.value());
  }

  @Test
  void aFullStoreTakesAnotherValueOfATopicThatHasOne() throws Exception {
    set("value");
    long full = fixture.store.totals().retainedBytes();
    RetainedMessages atLimit = retained(full);
    assertTrue(atLimit.accepts(message("other")));
    assertTrue(atLimit.accepts(message("less")));
    assertFalse(atLimit.accepts(message("longer")));
    assertFalse(atLimit.accepts(StoreFixture.message("plant/new", "v")));
    Message coming = message("other");
    atLimit.pending(coming);
    assertTrue(atLimit.accepts(message("third")), "while another is on its way");
    assertTrue(retained(2 * full).accepts(StoreFixture.message("plant/etat1", "value")), "fits");
  }

  private RetainedMessages retained(long bytesMax) {
    StoreLimits d = StoreLimits.DEFAULTS;
    var limits =
        new StoreLimits(
            d.queueMessagesMax(),
            d.queueBytesMax(),
            d.overflow(),
            d.queuedMessagesMax(),
            d.retainedMessagesMax(),
            bytesMax);
    return new RetainedMessages(fixture.store, limits, Clocks.system());
  }

  @Test
  void findsWhatBeginsWithAnEmptyLevel() throws Exception {
    Message message = StoreFixture.message("/x", "value");
    retained.pending(message);
    commit(message);
    assertTrue(retained.mayMatch(StoreFixture.filter("/#")));
    Future<List<String>> scanned = scan("/#", CompletableFuture.completedFuture(null));
    assertEquals(List.of("value"), scanned.get(60, TimeUnit.SECONDS));
  }

  private void assertCandidates(Set<String> expected, String when) {
    Set<String> found =
        FILTERS.stream()
            .filter(filter -> retained.mayMatch(StoreFixture.filter(filter)))
            .collect(Collectors.toSet());
    assertEquals(expected, found, when);
  }

  private static Message message(String payload) {
    return StoreFixture.message(TOPIC.toString(), payload);
  }

  private static byte[] payload(@Nullable Message message) {
    return requireNonNull(message, "a retained message").payload();
  }

  private void set(String payload) throws Exception {
    Message message = message(payload);
    retained.pending(message);
    commit(message);
  }

  private void commit(Message message) throws Exception {
    fixture.store.writer().submit(StoreFixture.retain(message), null);
    fixture.store.writer().await(new Barrier());
  }
}
