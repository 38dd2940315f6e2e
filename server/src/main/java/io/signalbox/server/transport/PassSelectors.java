package io.signalbox.server.transport;

import java.io.Closeable;
import java.io.IOException;
import java.net.ProtocolFamily;
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
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;

/**
 * Selectors whose threads do at the end of a pass, once, what XNIO does for each connection.
 *
 * <p>Closed channels are taken from the system in the next pass. XNIO has each close select once
 * more, which brings back all that is ready, up to 1,024 sockets: when thousands of clients leave
 * or come at once, a single close would take a millisecond. The thread selects at the end of its
 * pass anyway, and that one selection serves all that were closed in it. The first {@value
 * #CLOSES_AT_ONCE} of a pass select all the same, because a close alone costs less so, and then
 * every {@value #CLOSES_MAX}th, so that no more files than that stay open for long.
 *
 * <p>The thread that accepts connections wakes the I/O threads at the end of its {@link
 * AcceptPass}.
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

  /** The system's selector, but for what the class says. Its keys are the system's. */
  private static final class PassSelector extends AbstractSelector {
    private final AbstractSelector system;

    /** In this pass. Of the selecting thread. */
    private int closes;

    /** Not null once a server socket is registered: the selecting thread accepts from it. */
    private volatile @Nullable AcceptPass accepts;

    PassSelector(SelectorProvider provider, AbstractSelector system) {
      super(provider);
      this.system = system;
    }

    @Override
    public int selectNow() throws IOException {
      AcceptPass pass = accepts;
      if (pass != null) {
        pass.end();
      }
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
      AcceptPass pass = endPass();
      int ready = system.select(timeoutMillis);
      beginPass(pass);
      return ready;
    }

    @Override
    public int select() throws IOException {
      AcceptPass pass = endPass();
      int ready = system.select();
      beginPass(pass);
      return ready;
    }

    private @Nullable AcceptPass endPass() {
      closes = 0;
      AcceptPass pass = accepts;
      if (pass != null) {
        pass.end();
        for (long left; (left = pass.nanosToNext(System.nanoTime())) > 0; ) {
          LockSupport.parkNanos(this, left);
        }
      }
      return pass;
    }

    private static void beginPass(@Nullable AcceptPass pass) {
      if (pass != null) {
        pass.begin(System.nanoTime());
      }
    }

    @Override
    public Selector wakeup() {
      AcceptPass pass = AcceptPass.ofThread();
      if (pass == null) {
        system.wakeup();
      } else {
        pass.wakeAtEnd(system);
      }
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
      AcceptPass pass = AcceptPass.ofThread();
      if (channel instanceof ServerSocketChannel) {
        serves();
      } else if (pass != null) {
        pass.accepted();
      }
      return SystemRegistration.register(system, channel, ops, attachment);
    }

    private synchronized void serves() {
      if (accepts == null) {
        accepts = new AcceptPass();
      }
    }

    @Override
    protected void implCloseSelector() throws IOException {
      system.close();
    }
  }
}
