package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AcceptPassTest {
  private static final int PATIENCE_MILLIS = 60_000;

  /** Accepting belongs to a thread for as long as it lives. */
  private static void onThreadOfItsOwn(Callable<@Nullable Void> work) throws Exception {
    FutureTask<@Nullable Void> task = new FutureTask<>(work);
    Thread.ofPlatform().daemon().start(task);
    task.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
  }

  private static ServerSocketChannel server(PassSelectors provider, Selector selector)
      throws IOException {
    ServerSocketChannel server = provider.openServerSocketChannel();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
    return server;
  }

  @Test
  void wakesEachAtTheEndOnceAndNotAgainInTheNextPass() throws IOException {
    AcceptPass pass = new AcceptPass();
    try (Counting one = new Counting();
        Counting other = new Counting()) {
      pass.wakeAtEnd(one);
      pass.wakeAtEnd(other);
      pass.wakeAtEnd(one);
      assertEquals(0, one.wakeups + other.wakeups);
      pass.end();
      assertEquals(1, one.wakeups);
      assertEquals(1, other.wakeups);
      pass.end();
      assertEquals(2, one.wakeups + other.wakeups);
    }
  }

  @Test
  void onlyAfterMoreThanOneConnectionTheNextPassWaits() throws Exception {
    onThreadOfItsOwn(
        () -> {
          assertNull(AcceptPass.ofThread());
          AcceptPass pass = new AcceptPass();
          pass.begin(1_000);
          assertSame(pass, AcceptPass.ofThread());
          assertEquals(0, pass.nanosToNext(1_010));
          pass.accepted();
          assertEquals(0, pass.nanosToNext(1_010));
          pass.accepted();
          assertEquals(AcceptPass.INTERVAL_NANOS - 10, pass.nanosToNext(1_010));
          assertTrue(pass.nanosToNext(1_000 + AcceptPass.INTERVAL_NANOS) <= 0);
          pass.begin(2_000);
          assertEquals(0, pass.nanosToNext(2_000));
          return null;
        });
  }

  @Test
  void theThreadThatAcceptsWakesOthersWhenItSelectsNext() throws Exception {
    PassSelectors provider = new PassSelectors();
    try (Selector accepting = provider.openSelector();
        Selector other = provider.openSelector();
        ServerSocketChannel server = server(provider, accepting);
        SocketChannel client = SocketChannel.open(server.getLocalAddress());
        SocketChannel second = SocketChannel.open(server.getLocalAddress())) {
      CountDownLatch woken = new CountDownLatch(1);
      Thread selects =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    try {
                      other.select();
                      woken.countDown();
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      onThreadOfItsOwn(
          () -> {
            assertEquals(1, accepting.select(PATIENCE_MILLIS));
            for (int i = 0; i < 2; i++) {
              SocketChannel accepted = server.accept();
              accepted.configureBlocking(false);
              accepted.register(other, 0);
              accepted.close();
            }
            other.wakeup();
            accepting.wakeup();
            accepting.select();
            assertTrue(woken.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
            return null;
          });
      selects.join(PATIENCE_MILLIS);
      assertTrue(client.isConnected() && second.isConnected());
    }
  }

  @Test
  void aWakeupThatIsOwedIsGivenBeforeACloseSelects() throws Exception {
    PassSelectors provider = new PassSelectors();
    try (Selector accepting = provider.openSelector();
        Selector other = provider.openSelector();
        ServerSocketChannel server = server(provider, accepting)) {
      onThreadOfItsOwn(
          () -> {
            accepting.select(1);
            other.wakeup();
            assertTrue(server.isRegistered());
            accepting.keys().iterator().next().cancel();
            accepting.selectNow();
            assertEquals(0, other.select(), "it does not block");
            return null;
          });
    }
  }

  @Test
  void otherThreadsWakeAtOnce() throws Exception {
    PassSelectors provider = new PassSelectors();
    try (Selector accepting = provider.openSelector();
        ServerSocketChannel server = server(provider, accepting)) {
      assertTrue(server.isRegistered());
      accepting.wakeup();
      onThreadOfItsOwn(
          () -> {
            assertEquals(0, accepting.select(), "it does not block");
            return null;
          });
    }
  }

  /** Counts how often it is woken; nothing registers with it. */
  private static final class Counting extends AbstractSelector {
    int wakeups;

    Counting() {
      super(new PassSelectors());
    }

    @Override
    public Selector wakeup() {
      wakeups++;
      return this;
    }

    @Override
    public Set<SelectionKey> keys() {
      return Set.of();
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
      return Set.of();
    }

    @Override
    public int selectNow() {
      return 0;
    }

    @Override
    public int select(long timeoutMillis) {
      return 0;
    }

    @Override
    public int select() {
      return 0;
    }

    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void implCloseSelector() {}
  }
}
