package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PassSelectorsTest {
  private static final int PATIENCE_MILLIS = 60_000;

  private final PassSelectors provider = new PassSelectors();
  private Selector selector;
  private ServerSocketChannel server;

  /** A connection, and its key here. */
  private record Pair(Socket peer, SocketChannel channel, SelectionKey key) {}

  @BeforeEach
  void open() throws IOException {
    selector = provider.openSelector();
    server = provider.openServerSocketChannel();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    selector.close();
  }

  private Pair connect() throws IOException {
    InetSocketAddress address = (InetSocketAddress) server.getLocalAddress();
    Socket peer = new Socket(address.getAddress(), address.getPort());
    peer.setSoTimeout(PATIENCE_MILLIS);
    SocketChannel channel = server.accept();
    channel.configureBlocking(false);
    return new Pair(peer, channel, channel.register(selector, SelectionKey.OP_READ, "mark"));
  }

  /** What XNIO does to close a connection. */
  private int closeAsXnio(Pair pair) throws IOException {
    pair.key.cancel();
    int ready = selector.selectNow();
    pair.channel.close();
    return ready;
  }

  /** Those that a pass may close at the system's price. */
  private void closeTheFirst() throws IOException {
    for (int i = 0; i < PassSelectors.CLOSES_AT_ONCE; i++) {
      Pair pair = connect();
      PassSelectors.during(() -> closeAsXnio(pair));
      assertFalse(pair.channel.isRegistered());
      pair.peer.close();
    }
  }

  @Test
  void aCloseSelectsNothingAndTheNextSelectionCompletesIt() throws IOException {
    closeTheFirst();
    Pair leaves = connect();
    Pair stays = connect();
    stays.peer.getOutputStream().write(1);
    int[] ready = {-1};
    PassSelectors.close(() -> ready[0] = closeAsXnio(leaves));
    assertEquals(0, ready[0]);
    assertEquals(0, selector.selectedKeys().size());
    assertFalse(leaves.channel.isOpen());

    assertEquals(1, selector.select(PATIENCE_MILLIS));
    assertEquals("mark", selector.selectedKeys().iterator().next().attachment());
    assertEquals(-1, leaves.peer.getInputStream().read());
    assertEquals(1, selector.keys().size());
    assertFalse(leaves.channel.isRegistered());
    assertTrue(stays.channel.isRegistered());
    leaves.peer.close();
    stays.peer.close();
  }

  @Test
  void elsewhereSelectionsAreTheSystems() throws IOException {
    Pair leaves = connect();
    Pair stays = connect();
    stays.peer.getOutputStream().write(1);
    PassSelectors.close(() -> PassSelectors.close(() -> {}));
    assertTrue(selector.select(PATIENCE_MILLIS) == 1 && selector.selectedKeys().size() == 1);
    assertEquals(0, closeAsXnio(leaves), "none is newly ready");
    assertFalse(leaves.channel.isRegistered());
    assertEquals(-1, leaves.peer.getInputStream().read());
    leaves.peer.close();
    stays.peer.close();
  }

  @Test
  void isWokenAndClosedAsTheSystems() throws IOException {
    selector.wakeup();
    assertEquals(0, selector.select());
    Pair pair = connect();
    selector.close();
    assertFalse(selector.isOpen());
    assertFalse(pair.key.isValid());
    assertFalse(pair.channel.isRegistered());
    pair.peer.close();
    pair.channel.close();
  }

  @Test
  void whereMuchIsClosedInOnePassNowAndThenOneSelects() throws IOException {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      pairs.add(connect());
    }
    PassSelectors.during(
        () -> {
          for (Pair pair : pairs) {
            closeAsXnio(pair);
          }
        });
    long open = pairs.stream().filter(pair -> pair.channel.isRegistered()).count();
    assertEquals(40 - PassSelectors.CLOSES_MAX, open);
    selector.selectNow();
    assertTrue(pairs.stream().noneMatch(pair -> pair.channel.isRegistered()));
    for (Pair pair : pairs) {
      pair.peer.close();
    }
  }

  @Test
  void aRegistrationIsTheSystems() throws IOException {
    assertTrue(SystemRegistration.isDirect(), "the tests open the package as the JAR does");
    Pair pair = connect();
    assertEquals(pair.key, pair.channel.keyFor(pair.key.selector()));
    assertEquals("mark", pair.key.attachment());
    assertEquals(SelectionKey.OP_READ, pair.key.interestOps());
    pair.peer.getOutputStream().write(1);
    assertEquals(1, selector.select(PATIENCE_MILLIS));
    pair.key.cancel();
    selector.selectNow();
    assertFalse(pair.channel.isRegistered());
    pair.channel.close();
    assertThrows(
        ClosedChannelException.class, () -> pair.channel.register(selector, SelectionKey.OP_READ));
    pair.peer.close();
  }

  /**
   * XNIO falls back to the system's selectors without a word. In a process of its own: in this one
   * another test may have loaded XNIO. Nothing is open to that process.
   */
  @Test
  void xnioUsesThemAndTheyServeWherePackagesAreClosed() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ShowsSelectors.class.getName())
            .redirectErrorStream(true)
            .start();
    String shown = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(shown.contains(PassSelectors.class.getName()), shown);
    assertTrue(shown.contains("registers without stopping: true"), shown);
    assertTrue(shown.contains("direct: false, registered: true"), shown);
  }

  /** Prints how XNIO makes selectors and registers with them. */
  static final class ShowsSelectors {
    private ShowsSelectors() {}

    public static void main(String[] none) throws ReflectiveOperationException, IOException {
      Field creator = LoadedXnio.INSTANCE.getClass().getDeclaredField("mainSelectorCreator");
      creator.setAccessible(true);
      System.out.println(creator.get(LoadedXnio.INSTANCE));
      Field threadSafe =
          Class.forName("org.xnio.nio.WorkerThread").getDeclaredField("THREAD_SAFE_SELECTION_KEYS");
      threadSafe.setAccessible(true);
      System.out.println("registers without stopping: " + threadSafe.get(null));
      try (Selector selector = new PassSelectors().openSelector();
          SocketChannel channel = SocketChannel.open()) {
        channel.configureBlocking(false);
        channel.register(selector, 0);
        System.out.println(
            "direct: "
                + SystemRegistration.isDirect()
                + ", registered: "
                + (channel.isRegistered() && selector.keys().size() == 1));
      }
    }
  }
}
