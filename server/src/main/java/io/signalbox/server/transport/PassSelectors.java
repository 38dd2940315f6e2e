package io.signalbox.server.transport;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProtocolFamily;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import org.xnio.IoUtils;

/**
 * Selectors whose closed channels are taken from the system in the next pass. XNIO has each close
 * select once more, which brings back all that is ready, up to 1,024 sockets: when thousands of
 * clients leave or come at once, a single close would take a millisecond. The thread selects at the
 * end of its pass anyway, and that one selection serves all that were closed in it. The first
 * {@value #CLOSES_AT_ONCE} of a pass select all the same, because a close alone costs less so, and
 * then every {@value #CLOSES_MAX}th, so that no more files than that stay open for long.
 *
 * <p>Public because XNIO makes one of it by its name. Any thread.
 */
public final class PassSelectors extends SelectorProvider {
  static final int CLOSES_AT_ONCE = 8;
  static final int CLOSES_MAX = 32;

  private static final SelectorProvider SYSTEM = SelectorProvider.provider();

  /** Whether the thread is inside work that may close. */
  private static final ThreadLocal<boolean[]> CLOSING =
      ThreadLocal.withInitial(() -> new boolean[1]);

  /** Work that may close channels, its own or others'. */
  interface Work<E extends Exception> {
    void run() throws E;
  }

  /**
   * Does work; what it closes on the calling I/O thread, the system takes back in the next pass.
   */
  static <E extends Exception> void during(Work<E> work) throws E {
    boolean[] closing = CLOSING.get();
    boolean before = closing[0];
    closing[0] = true;
    try {
      work.run();
    } finally {
      closing[0] = before;
    }
  }

  /** Closes without an exception. */
  static void close(Closeable resource) {
    during(() -> IoUtils.safeClose(resource));
  }

  @Override
  public AbstractSelector openSelector() throws IOException {
    return new PassSelector(this, SYSTEM.openSelector());
  }

  @Override
  public DatagramChannel openDatagramChannel() throws IOException {
    return SYSTEM.openDatagramChannel();
  }

  @Override
  public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
    return SYSTEM.openDatagramChannel(family);
  }

  @Override
  public Pipe openPipe() throws IOException {
    return SYSTEM.openPipe();
  }

  @Override
  public ServerSocketChannel openServerSocketChannel() throws IOException {
    return SYSTEM.openServerSocketChannel();
  }

  @Override
  public SocketChannel openSocketChannel() throws IOException {
    return SYSTEM.openSocketChannel();
  }

  /** The system's selector, but for that selection. Its keys are the system's. */
  private static final class PassSelector extends AbstractSelector {
    private final Selector system;

    /** In this pass. Of the selecting thread. */
    private int closes;

    PassSelector(SelectorProvider provider, Selector system) {
      super(provider);
      this.system = system;
    }

    @Override
    public int selectNow() throws IOException {
      if (!CLOSING.get()[0]) {
        closes = 0;
        return system.selectNow();
      }
      closes++;
      boolean selects = closes <= CLOSES_AT_ONCE || closes % CLOSES_MAX == 0;
      return selects ? system.selectNow() : 0;
    }

    @Override
    public int select(long timeoutMillis) throws IOException {
      closes = 0;
      return system.select(timeoutMillis);
    }

    @Override
    public int select() throws IOException {
      closes = 0;
      return system.select();
    }

    @Override
    public Selector wakeup() {
      system.wakeup();
      return this;
    }

    @Override
    public Set<SelectionKey> keys() {
      return system.keys();
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
      return system.selectedKeys();
    }

    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
      try {
        return channel.register(system, ops, attachment);
      } catch (ClosedChannelException e) {
        throw new UncheckedIOException("closed while it was registered", e); // by another thread
      }
    }

    @Override
    protected void implCloseSelector() throws IOException {
      system.close();
    }
  }
}
