package io.signalbox.server.transport;

import io.signalbox.server.metrics.Metrics.Turnaway;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.xnio.ChannelListener;
import org.xnio.StreamConnection;

/**
 * Who may connect at all: bounds of open connections, of those on their way to CONNECT, of those
 * that serve HTTP requests, and of each address. Any thread.
 *
 * <p>HTTP has a share of its own because a connection serves requests for as long as its client
 * likes. Among those on their way to CONNECT, which have a time limit, strangers' requests would in
 * the end keep every MQTT client out.
 */
final class Admission {
  /**
   * From so many addresses on those that are idle are forgotten; a flood from more of them is
   * bounded by the other limits.
   */
  private static final int SOURCES_MAX = 65_536;

  /** How soon idle addresses are looked for again when there were few among all. */
  private static final long FORGET_MILLIS = 1_000;

  private static final int BURST_SECONDS = 4;

  private final TransportLimits limits;
  private final MemoryBudget memory;
  private final int filesMax;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger halfOpen = new AtomicInteger();
  private final AtomicInteger http = new AtomicInteger();
  private final int httpMax;
  private final ConcurrentHashMap<InetAddress, Source> sources = new ConcurrentHashMap<>();
  private final AtomicLong forgetsNotBefore = new AtomicLong(Long.MIN_VALUE);

  /**
   * @param filesMax connections that the system's limit of open files leaves room for
   */
  Admission(TransportLimits limits, MemoryBudget memory, int filesMax) {
    this.limits = limits;
    this.memory = memory;
    this.filesMax = filesMax;
    int connections = Math.min(limits.connectionsMax(), filesMax);
    this.httpMax = Math.min(limits.httpConnectionsMax(), Math.max(1, connections / 2));
  }

  /** What one address has and may still do. */
  private static final class Source {
    int open;
    int halfOpen;
    int http;
    double tokens;
    long refilledMillis;

    /**
     * Failures that it may still have, earned again with time. Below 0 it has guessed more often:
     * on connections that were open already.
     */
    double failures;

    long failedMillis;

    boolean isIdle(TransportLimits limits, long nowMillis) {
      return open == 0
          && nowMillis - refilledMillis > BURST_SECONDS * 1_000L
          && mayFail(limits, nowMillis) == limits.failuresPerMinutePerSource();
    }

    double mayFail(TransportLimits limits, long nowMillis) {
      int most = limits.failuresPerMinutePerSource();
      return Math.min(most, failures + (nowMillis - failedMillis) * most / 60_000.0);
    }

    /**
     * @param isGuess false: others that share the address have to wait for one failure only,
     *     however many there were; else for a minute at most
     */
    void fails(TransportLimits limits, boolean isGuess, long nowMillis) {
      double before = mayFail(limits, nowMillis);
      double least = isGuess ? 1.0 - limits.failuresPerMinutePerSource() : Math.min(before, 0);
      failures = Math.max(least, before - 1);
      failedMillis = nowMillis;
    }
  }

  /**
   * An admitted connection's place; given back once, whoever comes first. It listens for the end of
   * the connection.
   */
  final class Ticket implements ChannelListener<StreamConnection> {
    private static final AtomicIntegerFieldUpdater<Ticket> OVER =
        AtomicIntegerFieldUpdater.newUpdater(Ticket.class, "over");
    private static final int WAITING = 1;
    private static final int HELD = 2;

    /** It waits among those for HTTP. */
    private static final int FOR_HTTP = 4;

    private final AtomicInteger onListener;

    /** Set bits say what is over, and where it waits. */
    private volatile int over;

    private volatile @Nullable InetAddress source;
    private volatile @Nullable Runnable whenClosed;

    private Ticket(AtomicInteger onListener, boolean forHttp) {
      this.onListener = onListener;
      this.over = forHttp ? FOR_HTTP : 0;
    }

    /**
     * @return the bits before
     */
    private int ends(int what) {
      return OVER.getAndUpdate(this, bits -> bits | what);
    }

    /** The connection is no longer half open, nor one for HTTP. */
    void connected() {
      int before = ends(WAITING);
      if ((before & WAITING) != 0) {
        return;
      }
      boolean forHttp = (before & FOR_HTTP) != 0;
      (forHttp ? http : halfOpen).decrementAndGet();
      InetAddress address = source;
      if (address != null) {
        sources.computeIfPresent(
            address,
            (_, known) -> {
              if (forHttp) {
                known.http--;
              } else {
                known.halfOpen--;
              }
              return known;
            });
      }
    }

    /**
     * A half-open connection is to serve HTTP requests: from now on until {@link #connected} it
     * counts among those that do. To be asked again only if there was no room.
     *
     * @return null if there is, otherwise which limit it is over
     */
    @Nullable Turnaway servesHttp() {
      if ((over & FOR_HTTP) != 0) { // from the start
        return null;
      }
      if (http.incrementAndGet() > httpMax) {
        http.decrementAndGet();
        return Turnaway.HTTP_LIMIT;
      }
      Turnaway refused = moveToHttp();
      if ((over & FOR_HTTP) == 0) { // refused, or closed meanwhile
        http.decrementAndGet();
      }
      return refused;
    }

    private @Nullable Turnaway moveToHttp() {
      InetAddress address = source;
      if (address == null) {
        leavesHalfOpen();
        return null;
      }
      @Nullable Turnaway[] refused = {null};
      sources.computeIfPresent(
          address,
          (_, known) -> {
            if (known.http >= limits.halfOpenPerSourceMax()) {
              refused[0] = Turnaway.SOURCE_HTTP;
            } else if (leavesHalfOpen()) {
              known.halfOpen--;
              known.http++;
            }
            return known;
          });
      return refused[0];
    }

    private boolean leavesHalfOpen() {
      int before = OVER.getAndUpdate(this, bits -> (bits & WAITING) == 0 ? bits | FOR_HTTP : bits);
      boolean leaves = (before & (WAITING | FOR_HTTP)) == 0;
      if (leaves) {
        halfOpen.decrementAndGet();
      }
      return leaves;
    }

    /**
     * Runs before the place is given back, when the connection has ended.
     *
     * @param task null: nothing
     */
    void whenClosed(@Nullable Runnable task) {
      whenClosed = task;
    }

    @Override
    public void handleEvent(StreamConnection ended) {
      Runnable task = whenClosed;
      if (task != null) {
        task.run();
      }
      closed();
    }

    void closed() {
      if ((ends(HELD) & HELD) == 0) {
        connected();
        open.decrementAndGet();
        onListener.decrementAndGet();
        InetAddress address = source;
        if (address != null) {
          leave(address);
        }
      }
    }

    /**
     * A handshake or a credential was not good; also when the connection has ended meanwhile.
     *
     * @param isGuess whether it was a credential that might have been tried out
     */
    void failed(boolean isGuess, long nowMillis) {
      InetAddress address = source;
      if (address != null && limits.failuresPerMinutePerSource() > 0) {
        sources.compute(
            address,
            (_, known) -> {
              Source failing = known == null ? newSource(nowMillis) : known;
              failing.fails(limits, isGuess, nowMillis);
              return failing;
            });
      }
    }

    /**
     * The client's address is known; to be called once, before {@link #connected}.
     *
     * @return null if it may have one more connection now, otherwise which limit it is over
     */
    @Nullable Turnaway from(InetAddress address, long nowMillis) {
      if (!limitsSources()) {
        return null;
      }
      InetAddress counted = counted(address);
      Turnaway refused = enter(counted, (over & FOR_HTTP) != 0, nowMillis);
      if (refused == null) {
        source = counted;
      }
      return refused;
    }
  }

  private boolean limitsSources() {
    return limits.halfOpenPerSourceMax() < limits.halfOpenMax()
        || limits.connectionsPerSourceMax() > 0
        || limits.connectsPerSecondPerSource() > 0
        || limits.failuresPerMinutePerSource() > 0;
  }

  /** Why not, or a ticket. */
  record Verdict(@Nullable Ticket ticket, @Nullable Turnaway turnaway) {}

  Verdict admit(AtomicInteger onListener, int listenerMax) {
    return admit(onListener, listenerMax, false);
  }

  /** One that never becomes MQTT, and so takes no place of those on their way to CONNECT. */
  Verdict admitForHttp(AtomicInteger onListener, int listenerMax) {
    return admit(onListener, listenerMax, true);
  }

  private Verdict admit(AtomicInteger onListener, int listenerMax, boolean forHttp) {
    int connections = open.incrementAndGet();
    if (connections > limits.connectionsMax()) {
      open.decrementAndGet();
      return new Verdict(null, Turnaway.CONNECTION_LIMIT);
    }
    if (connections > filesMax) {
      open.decrementAndGet();
      return new Verdict(null, Turnaway.FILE_LIMIT);
    }
    if (!forHttp && halfOpen.get() >= limits.halfOpenMax()) {
      open.decrementAndGet();
      return new Verdict(null, Turnaway.HALF_OPEN_LIMIT);
    }
    if (onListener.incrementAndGet() > listenerMax) {
      open.decrementAndGet();
      onListener.decrementAndGet();
      return new Verdict(null, Turnaway.LISTENER_LIMIT);
    }
    if (memory.tight()) {
      open.decrementAndGet();
      onListener.decrementAndGet();
      return new Verdict(null, Turnaway.MEMORY_LIMIT);
    }
    if (forHttp && http.incrementAndGet() > httpMax) {
      http.decrementAndGet();
      open.decrementAndGet();
      onListener.decrementAndGet();
      return new Verdict(null, Turnaway.HTTP_LIMIT);
    }
    if (!forHttp) {
      halfOpen.incrementAndGet();
    }
    return new Verdict(new Ticket(onListener, forHttp), null);
  }

  int open() {
    return open.get();
  }

  int halfOpen() {
    return halfOpen.get();
  }

  /** Connections that serve HTTP requests. */
  int http() {
    return http.get();
  }

  /** Addresses remembered now. */
  int addresses() {
    return sources.size();
  }

  private @Nullable Turnaway enter(InetAddress address, boolean forHttp, long nowMillis) {
    if (sources.size() >= SOURCES_MAX && !sources.containsKey(address)) {
      forgetIdle(nowMillis);
    }
    @Nullable Turnaway[] over = {null};
    sources.compute(
        address,
        (_, known) -> {
          Source source = known == null ? newSource(nowMillis) : known;
          over[0] = over(source, forHttp, nowMillis);
          if (over[0] == null) {
            source.open++;
            if (forHttp) {
              source.http++;
            } else {
              source.halfOpen++;
            }
          }
          return source;
        });
    return over[0];
  }

  private Source newSource(long nowMillis) {
    Source source = new Source();
    source.tokens = burst();
    source.refilledMillis = nowMillis;
    source.failures = limits.failuresPerMinutePerSource();
    source.failedMillis = nowMillis;
    return source;
  }

  private double burst() {
    return (double) limits.connectsPerSecondPerSource() * BURST_SECONDS;
  }

  private @Nullable Turnaway over(Source source, boolean forHttp, long nowMillis) {
    int openMax = limits.connectionsPerSourceMax();
    if (openMax > 0 && source.open >= openMax) {
      return Turnaway.SOURCE_CONNECTIONS;
    }
    if ((forHttp ? source.http : source.halfOpen) >= limits.halfOpenPerSourceMax()) {
      return forHttp ? Turnaway.SOURCE_HTTP : Turnaway.SOURCE_HALF_OPEN;
    }
    if (limits.failuresPerMinutePerSource() > 0 && source.mayFail(limits, nowMillis) < 1) {
      return Turnaway.SOURCE_FAILURES;
    }
    int rate = limits.connectsPerSecondPerSource();
    if (rate == 0) {
      return null;
    }
    double earned = (nowMillis - source.refilledMillis) * rate / 1_000.0;
    source.tokens = Math.min(burst(), source.tokens + earned);
    source.refilledMillis = nowMillis;
    if (source.tokens < 1) {
      return Turnaway.SOURCE_RATE;
    }
    source.tokens--;
    return null;
  }

  /**
   * Who shares the limits of an address: of IPv6 its network of 64 bits, because whoever has one of
   * its addresses has all of them (RFC 4291 section 2.5.1).
   */
  private static InetAddress counted(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return address;
    }
    byte[] bytes = address.getAddress();
    Arrays.fill(bytes, 8, 16, (byte) 0);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("16 bytes are an address", e);
    }
  }

  private void leave(InetAddress address) {
    sources.computeIfPresent(
        address,
        (_, source) -> {
          source.open--;
          boolean remembers =
              limits.connectsPerSecondPerSource() > 0
                  || (limits.failuresPerMinutePerSource() > 0
                      && source.failures < limits.failuresPerMinutePerSource());
          return source.open == 0 && !remembers ? null : source;
        });
  }

  /**
   * Where most addresses have a connection a look at all of them, for each that comes, would be in
   * vain.
   */
  private void forgetIdle(long nowMillis) {
    long notBefore = forgetsNotBefore.get();
    if (nowMillis < notBefore
        || !forgetsNotBefore.compareAndSet(notBefore, nowMillis + FORGET_MILLIS)) {
      return;
    }
    sources.values().removeIf(source -> source.isIdle(limits, nowMillis));
    if (sources.size() < SOURCES_MAX / 8 * 7) { // worth it
      forgetsNotBefore.set(nowMillis);
    }
  }
}
