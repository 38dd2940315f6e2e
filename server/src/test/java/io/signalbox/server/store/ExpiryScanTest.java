package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.signalbox.server.Behaviour;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.routing.Message;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What gives back the room of expired messages, and what it leaves alone. */
final class ExpiryScanTest {
  private static final long NOW = 1_000_000;

  /** As little as makes the scan go on in the middle of both tables. */
  private static final int SLICE_ROWS = 2;

  @TempDir Path directory;

  @Test
  @Behaviour({140, 189})
  void findsWhatIsExpiredAndNobodyHasBegunToSend() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fixture.session("away").number();
      String longTopic = "long/" + "level/".repeat(90) + "end";
      fixture.apply(StoreFixture.retain(message("expired", NOW)));
      fixture.apply(StoreFixture.retain(message(longTopic, NOW - 1)));
      fixture.apply(StoreFixture.retain(message("lasting", NOW + 1)));
      fixture.apply(StoreFixture.retain(message("eternal", Message.NEVER_EXPIRES)));
      publish(fixture, message("sent", NOW), true, number);
      long first = publish(fixture, message("expired", NOW), false, number);
      publish(fixture, message("lasting", NOW + 1), false, number);
      publish(fixture, message("eternal", Message.NEVER_EXPIRES), false, number);
      long second = publish(fixture, message("expired too", NOW - 1), false, number);

      List<String> topics = new ArrayList<>();
      List<Long> sequences = new ArrayList<>();
      for (DropExpired found : scan(fixture)) {
        assertEquals(NOW, found.nowMillis());
        found.retainedTopics().forEach(topic -> topics.add(new String(topic, UTF_8)));
        for (int i = 0; i < found.numbers().length; i++) {
          assertEquals(number, found.numbers()[i]);
          sequences.add(found.sequences()[i]);
        }
      }
      assertEquals(List.of("expired", longTopic), topics);
      assertEquals(List.of(first, second), sequences);
    }
  }

  @Test
  @Behaviour(189)
  void leavesTheRetainedMessageThatReplacedAnExpiredOne() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      fixture.apply(StoreFixture.retain(message("replaced", NOW)));
      fixture.apply(StoreFixture.retain(message("gone", NOW)));
      List<DropExpired> found = scan(fixture);
      fixture.apply(StoreFixture.retain(message("replaced", NOW + 1)));
      assertEquals(1, drop(fixture, found));
      List<Message> left = fixture.retained("#");
      assertEquals(List.of(NOW + 1), left.stream().map(Message::expiresAtMillis).toList());
      assertEquals(1, fixture.store.totals().retainedMessages());
      assertEquals(0, drop(fixture, found), "both are judged already");
    }
  }

  @Test
  @Behaviour(140)
  void givesBackTheRoomInTheQueueOfASessionThatIsAway() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      OpenedSession away = fixture.session("away");
      OpenedSession here = fixture.session("here");
      OpenedSession back = fixture.session("back");
      long[] all = {away.number(), here.number(), back.number()};
      long maybeSent = publish(fixture, message("maybe sent", NOW), false, all);
      publish(fixture, message("waits", NOW), false, all);
      for (OpenedSession session : List.of(away, back)) {
        fixture.apply(new MarkSent(session.number(), session.epoch(), maybeSent));
        fixture.apply(new DisconnectSession(session.number(), session.epoch(), 3_600, NOW, 0));
      }
      List<DropExpired> found = scan(fixture);
      fixture.session("back"); // reads its queue now, and may hold the row
      assertEquals(6, fixture.store.totals().queuedMessages());
      assertEquals(1, drop(fixture, found));
      assertEquals(5, fixture.store.totals().queuedMessages());
      assertEquals(1, fixture.metrics.messagesDropped.of(Drop.EXPIRED).value());
      assertEquals(
          List.of(maybeSent),
          fixture.queue(away.number()).rows().stream().map(QueuedRow::sequence).toList());
    }
  }

  private static Message message(String topic, long expiresAtMillis) {
    return StoreFixture.message(topic, "payload", expiresAtMillis);
  }

  /** Returns the sequence. */
  private static long publish(StoreFixture fixture, Message message, boolean sent, long... numbers)
      throws Exception {
    StorePublish publish = StoreFixture.publish(message, numbers);
    if (sent) {
      publish.claimPacketId(0, 1);
    }
    fixture.apply(publish);
    return publish.sequence();
  }

  /** One round. */
  private static List<DropExpired> scan(StoreFixture fixture) {
    var scan = new ExpiryScan(fixture.store.lmdb(), SLICE_ROWS, new AlwaysNow());
    List<DropExpired> found = new ArrayList<>();
    while (!scan.passComplete()) {
      DropExpired slice = scan.nextSlice();
      if (slice != null) {
        found.add(slice);
      }
    }
    assertNull(scan.nextSlice(), "the next round is not due");
    return found;
  }

  /** Returns how many went. */
  private static int drop(StoreFixture fixture, List<DropExpired> found) throws Exception {
    int dropped = 0;
    for (DropExpired slice : found) {
      dropped += fixture.apply(slice) instanceof Integer count ? count : 0;
    }
    return dropped;
  }

  private static final class AlwaysNow implements Clocks {
    @Override
    public long wallMillis() {
      return NOW;
    }

    @Override
    public long nanos() {
      return 0;
    }
  }
}
