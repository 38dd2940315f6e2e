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
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AcceptPassTest {
  private static final int PATIENCE_MILLIS = 60_000;
  private static final int IN_VAIN_MILLIS = 40;

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

  /** It waits its time in vain: a bound that a busy machine cannot break. */
  private static void assertNotWoken(Selector selector) throws IOException {
    long began = System.nanoTime();
    selector.select(IN_VAIN_MILLIS);
    long waited = System.nanoTime() - began;
    assertTrue(waited >= TimeUnit.MILLISECONDS.toNanos(IN_VAIN_MILLIS) / 2, "woken");
  }

  /** Takes the wake-up; never returns without one. */
  private static void assertWoken(Selector selector) throws IOException {
    assertEquals(0, selector.select());
  }

  @Test
  void wakesEachAtTheEndAndNotAgainInTheNextPass() throws Exception {
    try (Selector one = Selector.open();
        Selector other = Selector.open()) {
      onThreadOfItsOwn(
          () -> {
            AcceptPass pass = new AcceptPass();
            pass.wakeAtEnd(one);
            pass.wakeAtEnd(other);
            pass.wakeAtEnd(one);
            assertNotWoken(one);
            pass.end();
            assertWoken(one);
            assertWoken(other);
            pass.end();
            assertNotWoken(one);
            return null;
          });
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

  private interface Work {
    void run(Selector accepting, Selector other) throws IOException;
  }

  /** With a server socket registered there, and a pass begun. */
  private static void whileAccepting(Work work) throws Exception {
    PassSelectors provider = new PassSelectors();
    try (Selector accepting = provider.openSelector();
        Selector other = provider.openSelector();
        ServerSocketChannel server = server(provider, accepting)) {
      assertTrue(server.isRegistered());
      onThreadOfItsOwn(
          () -> {
            accepting.select(1);
            work.run(accepting, other);
            return null;
          });
    }
  }

  @Test
  void theThreadThatAcceptsWakesOthersWhenItSelectsNext() throws Exception {
    whileAccepting(
        (accepting, other) -> {
          other.wakeup();
          assertNotWoken(other);
          accepting.wakeup();
          accepting.select();
          assertWoken(other);
          accepting.select(1);
          assertNotWoken(other);
        });
  }

  @Test
  void aWakeupThatIsOwedIsGivenByACloseThatSelectsNothing() throws Exception {
    whileAccepting(
        (accepting, other) -> {
          PassSelectors.during(
              () -> {
                for (int i = 0; i < PassSelectors.CLOSES_AT_ONCE; i++) {
                  accepting.selectNow();
                }
                other.wakeup();
                accepting.selectNow();
              });
          assertWoken(other);
        });
  }

  @Test
  void afterTwoThatCameAtOnceTheNextSelectionWaits() throws Exception {
    PassSelectors provider = new PassSelectors();
    try (Selector accepting = provider.openSelector();
        Selector other = provider.openSelector();
        ServerSocketChannel server = server(provider, accepting);
        SocketChannel one = SocketChannel.open(server.getLocalAddress());
        SocketChannel two = SocketChannel.open(server.getLocalAddress())) {
      onThreadOfItsOwn(
          () -> {
            long began = System.nanoTime();
            accepting.select(PATIENCE_MILLIS);
            for (int accepted = 0; accepted < 2; ) {
              SocketChannel channel = server.accept();
              if (channel != null) {
                channel.configureBlocking(false);
                channel.register(other, 0);
                channel.close();
                accepted++;
              }
            }
            accepting.wakeup();
            accepting.select();
            assertTrue(System.nanoTime() - began >= AcceptPass.INTERVAL_NANOS);
            return null;
          });
      assertTrue(one.isConnected() && two.isConnected());
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
            assertWoken(accepting);
            return null;
          });
    }
  }
}
