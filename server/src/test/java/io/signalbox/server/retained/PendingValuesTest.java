package io.signalbox.server.retained;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.routing.Message;
import io.signalbox.server.store.StoreFixture;
import io.signalbox.server.store.WorkerLoop;
import io.signalbox.server.topic.TopicName;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Until when a topic's values are watched. */
class PendingValuesTest {
  private static final Message VALUE = StoreFixture.message("plant/1", "value");

  private final WorkerLoop loop = new WorkerLoop(0);
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final PendingValues values = new PendingValues();

  @AfterEach
  void close() {
    loop.close();
  }

  /** Equal to those of the same client. */
  private final class Watch implements RefusalWatch {
    private final String client;
    private final int look;

    Watch(String client, int look) {
      this.client = client;
      this.look = look;
    }

    @Override
    public EventLoop loop() {
      return loop;
    }

    @Override
    public void again(TopicName topic) {
      told.add(client + look);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Watch watch && watch.client.equals(client);
    }

    @Override
    public int hashCode() {
      return client.hashCode();
    }
  }

  private void add() {
    values.add(VALUE);
  }

  private void look(String client, int look) {
    assertEquals(VALUE, values.watch(VALUE.topic(), new Watch(client, look)));
  }

  private void keep() {
    values.settle(VALUE.topic(), false);
  }

  private List<String> toldOfARefusal() throws Exception {
    values.settle(VALUE.topic(), true);
    var all = new CompletableFuture<List<String>>();
    loop.execute(() -> all.complete(List.copyOf(told)));
    return all.get(60, TimeUnit.SECONDS);
  }

  @Test
  void aTopicThatAlwaysHasAValueOnItsWayLetsGoOfWhoSawOneThatWasKept() throws Exception {
    add();
    look("early", 1);
    add();
    look("middle", 1);
    add();
    keep();
    keep();
    look("late", 1);
    assertEquals(List.of("late1"), toldOfARefusal());
  }

  @Test
  void whoFoundAValueIsToldOfTheRefusalOfEachThatWasPendingThen() throws Exception {
    add();
    add();
    look("client", 1);
    add();
    keep();
    assertEquals(List.of("client1"), toldOfARefusal());
    assertEquals(List.of("client1"), toldOfARefusal(), "it was to look again");
  }

  @Test
  void whoLooksAgainIsToldOnceAndForAsLongAsTheLastLookAsks() throws Exception {
    add();
    look("client", 1);
    add();
    look("other", 1);
    look("client", 2);
    keep();
    assertEquals(List.of("other1", "client2"), toldOfARefusal());
  }
}
