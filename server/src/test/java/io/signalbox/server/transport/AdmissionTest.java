package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.IoConfig;
import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics.Turnaway;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final ListenerConfig.Type TCP = ListenerConfig.Type.TCP;

  private final AtomicInteger onListener = new AtomicInteger();
  private final MemoryBudget memory = new MemoryBudget(1_000, 1);

  private Admission admission(TransportLimits limits) {
    return new Admission(limits, memory, Integer.MAX_VALUE);
  }

  private static Admission.Ticket ticket(Admission.Verdict verdict) {
    Admission.Ticket ticket = verdict.ticket();
    assertNotNull(ticket);
    return ticket;
  }

  private static @Nullable Turnaway turnaway(Admission.Verdict verdict) {
    return verdict.turnaway();
  }

  @Test
  @Behaviour(30)
  void boundsOpenConnectionsOverAll() {
    Admission admission = admission(Limits.with(l -> l.connectionsMax = 2));
    Admission.Ticket first = ticket(admission.admit(onListener, 10));
    ticket(admission.admit(onListener, 10));
    assertEquals(Turnaway.CONNECTION_LIMIT, turnaway(admission.admit(onListener, 10)));
    first.closed();
    first.closed(); // gives its place back once
    ticket(admission.admit(onListener, 10));
    assertEquals(Turnaway.CONNECTION_LIMIT, turnaway(admission.admit(onListener, 10)));
    assertEquals(2, admission.open());
  }

  @Test
  void boundsOpenConnectionsByTheFilesThatThereIsRoomFor() {
    Admission admission = new Admission(Limits.with(l -> l.connectionsMax = 2), memory, 1);
    Admission.Ticket first = ticket(admission.admit(onListener, 10));
    assertEquals(Turnaway.FILE_LIMIT, turnaway(admission.admit(onListener, 10)));
    first.closed();
    ticket(admission.admit(onListener, 10));
    assertEquals(Turnaway.FILE_LIMIT, turnaway(admission.admit(onListener, 10)));
    assertEquals(1, admission.open());
  }

  @Test
  @Behaviour(30)
  void boundsOpenConnectionsOfAListener() {
    Admission admission = admission(TransportLimits.DEFAULTS);
    ticket(admission.admit(onListener, 1));
    assertEquals(Turnaway.LISTENER_LIMIT, turnaway(admission.admit(onListener, 1)));
    ticket(admission.admit(new AtomicInteger(), 1));
    assertEquals(2, admission.open());
    assertEquals(1, onListener.get());
  }

  @Test
  @Behaviour(254)
  void turnsAwayAnAddressThatFailsTooOftenUntilTimeHasPassed() throws Exception {
    Admission admission = admission(Limits.with(l -> l.failuresPerMinute = 60));
    InetAddress bad = InetAddress.getByName("192.0.2.1");
    for (int i = 0; i < 60; i++) {
      Admission.Ticket ticket = ticket(admission.admit(onListener, 1_000));
      assertNull(ticket.from(bad, 1_000), "failure " + i);
      ticket.failed(false, 1_000);
      ticket.closed();
    }
    assertEquals(
        Turnaway.SOURCE_FAILURES, ticket(admission.admit(onListener, 1_000)).from(bad, 1_000));
    assertNull(
        ticket(admission.admit(onListener, 1_000)).from(InetAddress.getByName("192.0.2.2"), 1_000));
    assertNull(
        ticket(admission.admit(onListener, 1_000)).from(bad, 2_100), "one a second is earned");
    assertEquals(2, admission.addresses());
  }

  /** As many connections at once as somebody likes, and only then a guess on each of them. */
  @Test
  @Behaviour(254)
  void guessesAtTheSameTimeCountEachForItself() throws Exception {
    Admission admission = admission(Limits.with(l -> l.failuresPerMinute = 60));
    InetAddress bad = InetAddress.getByName("192.0.2.1");
    failAtOnce(admission, bad, true, 90);
    assertEquals(Turnaway.SOURCE_FAILURES, from(admission, bad, 2_000), "two are earned back");
    assertEquals(Turnaway.SOURCE_FAILURES, from(admission, bad, 30_900));
    assertNull(from(admission, bad, 31_000), "the 30 that were too many, and one");
  }

  /** Others behind the same address translator may have done nothing. */
  @Test
  @Behaviour(254)
  void noGuessShutsAnAddressOutForMoreThanAMinute() throws Exception {
    for (int limit : new int[] {1, 3, 600}) {
      Admission admission = admission(Limits.with(l -> l.failuresPerMinute = limit));
      InetAddress bad = InetAddress.getByName("192.0.2.1");
      failAtOnce(admission, bad, true, 2_000);
      assertEquals(Turnaway.SOURCE_FAILURES, from(admission, bad, 59_900));
      assertNull(from(admission, bad, 60_000));
    }
  }

  /** Clients that hang up, or cannot be served, are as a rule nobody's attack. */
  @Test
  @Behaviour(254)
  void whatIsNoGuessShutsAnAddressOutForTheTimeOfOneFailure() throws Exception {
    Admission admission = admission(Limits.with(l -> l.failuresPerMinute = 3));
    InetAddress shared = InetAddress.getByName("192.0.2.1");
    failAtOnce(admission, shared, false, 30);
    assertEquals(Turnaway.SOURCE_FAILURES, from(admission, shared, 19_000));
    assertNull(from(admission, shared, 21_000));

    InetAddress bad = InetAddress.getByName("192.0.2.2");
    Admission.Ticket late = ticket(admission.admit(onListener, 10_000));
    assertNull(late.from(bad, 0));
    failAtOnce(admission, bad, true, 30);
    late.failed(false, 0);
    assertEquals(Turnaway.SOURCE_FAILURES, from(admission, bad, 59_000), "it forgives no guess");
  }

  private void failAtOnce(Admission admission, InetAddress address, boolean isGuess, int count) {
    List<Admission.Ticket> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Admission.Ticket ticket = ticket(admission.admit(onListener, 10_000));
      assertNull(ticket.from(address, 0));
      all.add(ticket);
    }
    for (Admission.Ticket ticket : all) {
      ticket.failed(isGuess, 0);
      ticket.closed();
    }
  }

  private @Nullable Turnaway from(Admission admission, InetAddress address, long nowMillis) {
    Admission.Ticket ticket = ticket(admission.admit(onListener, 10_000));
    Turnaway over = ticket.from(address, nowMillis);
    ticket.closed();
    return over;
  }

  /** Whoever hangs up, or is out of time, before its credential was judged. */
  @Test
  @Behaviour(254)
  void aFailureCountsThoughItsConnectionHasEnded() throws Exception {
    Admission admission = admission(Limits.with(l -> l.failuresPerMinute = 1));
    InetAddress bad = InetAddress.getByName("192.0.2.1");
    Admission.Ticket ticket = ticket(admission.admit(onListener, 10));
    assertNull(ticket.from(bad, 0));
    ticket.closed();
    assertEquals(0, admission.addresses());
    ticket.failed(false, 0);
    assertEquals(Turnaway.SOURCE_FAILURES, from(admission, bad, 1_000));
  }

  /** The time of a loop begins anywhere, and may be below 0. */
  @Test
  void aFailureOfAnAddressThatWasForgottenLeavesItItsRate() throws Exception {
    Admission admission =
        admission(
            Limits.with(
                l -> {
                  l.failuresPerMinute = 600;
                  l.connectionsPerSecond = 1;
                  l.connectionsMax = 100_000;
                  l.halfOpenMax = 100_000;
                  l.halfOpenPerSource = 100;
                }));
    Admission.Ticket ticket = entered(admission, 0, -1_000_000);
    ticket.closed();
    for (int i = 1; i <= 65_536; i++) {
      entered(admission, i, -900_000).closed();
    }
    assertEquals(65_536, admission.addresses(), "the first one is forgotten");
    ticket.failed(true, -900_000);
    assertEquals(65_537, admission.addresses());
    for (int i = 0; i < 4; i++) {
      entered(admission, 0, -900_000);
    }
  }

  @Test
  @Behaviour(293)
  void boundsHalfOpenConnections() {
    Admission admission = admission(Limits.with(l -> l.halfOpenMax = 1));
    Admission.Ticket first = ticket(admission.admit(onListener, 10));
    assertEquals(Turnaway.HALF_OPEN_LIMIT, turnaway(admission.admit(onListener, 10)));
    first.connected();
    Admission.Ticket second = ticket(admission.admit(onListener, 10));
    second.closed();
    second.connected();
    assertEquals(0, admission.halfOpen());
  }

  @Test
  @Behaviour(293)
  void leavesPlacesForOthersWhereOneAddressOpensAndSaysNothing() throws Exception {
    Admission admission =
        admission(
            Limits.with(
                l -> {
                  l.halfOpenMax = 4;
                  l.halfOpenPerSource = 2;
                }));
    InetAddress mute = InetAddress.getByName("192.0.2.1");
    InetAddress other = InetAddress.getByName("192.0.2.2");
    Admission.Ticket first = ticket(admission.admit(onListener, 100));
    assertNull(first.from(mute, 0));
    Admission.Ticket second = ticket(admission.admit(onListener, 100));
    assertNull(second.from(mute, 0));
    for (int i = 0; i < 10; i++) { // refused ones keep no place
      Admission.Ticket refused = ticket(admission.admit(onListener, 100));
      assertEquals(Turnaway.SOURCE_HALF_OPEN, refused.from(mute, 0));
      refused.closed();
    }
    assertNull(ticket(admission.admit(onListener, 100)).from(other, 0));
    assertEquals(3, admission.halfOpen());

    first.connected();
    Admission.Ticket third = ticket(admission.admit(onListener, 100));
    assertNull(third.from(mute, 0), "one of them has completed CONNECT");
    third.closed();
    first.closed(); // was no longer half open: frees no place of the address twice
    assertNull(ticket(admission.admit(onListener, 100)).from(mute, 0));
    assertEquals(Turnaway.SOURCE_HALF_OPEN, ticket(admission.admit(onListener, 100)).from(mute, 0));
    assertEquals(2, admission.addresses());
  }

  @Test
  @Behaviour(293)
  void aConnectionForHttpLeavesItsPlaceToOnesOnTheirWayToConnect() throws Exception {
    Admission admission =
        admission(
            Limits.with(
                l -> {
                  l.halfOpenMax = 4;
                  l.halfOpenPerSource = 1;
                  l.httpConnectionsMax = 2;
                }));
    InetAddress browser = InetAddress.getByName("192.0.2.1");
    Admission.Ticket first = ticket(admission.admit(onListener, 100));
    assertNull(first.from(browser, 0));
    assertNull(first.servesHttp());
    Admission.Ticket second = ticket(admission.admit(onListener, 100));
    assertNull(second.from(browser, 0), "its first one is no longer half open");
    assertEquals(Turnaway.SOURCE_HTTP, second.servesHttp());
    Admission.Ticket third = ticket(admission.admit(onListener, 100));
    assertNull(third.from(InetAddress.getByName("192.0.2.2"), 0));
    assertNull(third.servesHttp());
    assertEquals(Turnaway.HTTP_LIMIT, second.servesHttp());
    assertEquals(2, admission.http());
    assertEquals(1, admission.halfOpen());

    first.closed();
    first.closed();
    assertNull(second.servesHttp());
    second.connected();
    second.closed();
    third.closed();
    Admission.Ticket left = ticket(admission.admit(onListener, 100));
    left.closed();
    assertNull(left.servesHttp());
    assertEquals(0, admission.http());
    assertEquals(0, admission.halfOpen());
    assertEquals(0, admission.addresses());
  }

  @Test
  void halfOfThePlacesAreForOneAddressUnlessTheOperatorSaysOtherwise() {
    LimitsConfig limits = LimitsConfig.DEFAULTS;
    TransportLimits transport = TransportLimits.of(IoConfig.DEFAULTS, limits);
    assertEquals(limits.halfOpenMax() / 2, transport.halfOpenPerSourceMax());
  }

  @Test
  void admitsNobodyWhileTheBuffersAreFull() {
    Admission admission = admission(TransportLimits.DEFAULTS);
    memory.add(1_001);
    assertEquals(Turnaway.MEMORY_LIMIT, turnaway(admission.admit(onListener, 10)));
    memory.add(-1);
    ticket(admission.admit(onListener, 10));
    assertEquals(1, onListener.get());
  }

  @Test
  @Behaviour(293)
  void boundsTheConnectionsOfAnAddress() throws Exception {
    Admission admission = admission(Limits.with(l -> l.connectionsPerSource = 2));
    InetAddress one = InetAddress.getByName("10.0.0.1");
    InetAddress other = InetAddress.getByName("10.0.0.2");
    List<Admission.Ticket> tickets = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      tickets.add(ticket(admission.admit(onListener, 10)));
    }
    assertNull(tickets.get(0).from(one, 0));
    assertNull(tickets.get(1).from(one, 0));
    assertEquals(Turnaway.SOURCE_CONNECTIONS, tickets.get(2).from(one, 0));
    assertNull(tickets.get(3).from(other, 0));
    tickets.get(2).closed(); // was not admitted, frees nothing of the address
    assertEquals(Turnaway.SOURCE_CONNECTIONS, ticket(admission.admit(onListener, 10)).from(one, 0));
    tickets.get(0).closed();
    assertNull(ticket(admission.admit(onListener, 10)).from(one, 0));
  }

  @Test
  void anIpv6NetworkOf64BitsCountsAsOneAddress() throws Exception {
    Admission admission = admission(Limits.with(l -> l.connectionsPerSource = 1));
    InetAddress one = InetAddress.getByName("2001:db8:1:2::1");
    InetAddress neighbour = InetAddress.getByName("2001:db8:1:2:ffff::9");
    InetAddress other = InetAddress.getByName("2001:db8:1:3::1");
    Admission.Ticket first = ticket(admission.admit(onListener, 10));
    assertNull(first.from(one, 0));
    assertEquals(
        Turnaway.SOURCE_CONNECTIONS, ticket(admission.admit(onListener, 10)).from(neighbour, 0));
    assertNull(ticket(admission.admit(onListener, 10)).from(other, 0));
    first.closed();
    assertNull(ticket(admission.admit(onListener, 10)).from(neighbour, 0));
  }

  @Test
  @Behaviour({254, 293})
  void boundsTheRateOfAnAddress() throws Exception {
    Admission admission = admission(Limits.with(l -> l.connectionsPerSecond = 2));
    InetAddress one = InetAddress.getByName("10.0.0.1");
    int admitted = 0;
    for (int i = 0; i < 20; i++) {
      admitted += ticket(admission.admit(onListener, 100)).from(one, 5_000) == null ? 1 : 0;
    }
    assertEquals(8, admitted, "the burst of four seconds");
    assertNull(ticket(admission.admit(onListener, 100)).from(one, 5_500));
    assertEquals(Turnaway.SOURCE_RATE, ticket(admission.admit(onListener, 100)).from(one, 5_500));
  }

  @Test
  @Behaviour(293)
  void remembersABoundedNumberOfAddresses() throws Exception {
    Admission admission = admission(Limits.with(l -> l.connectionsPerSecond = 1));
    byte[] address = new byte[4];
    for (int i = 0; i < 200_000; i++) {
      address[0] = 10;
      address[1] = (byte) (i >> 16);
      address[2] = (byte) (i >> 8);
      address[3] = (byte) i;
      Admission.Ticket ticket = ticket(admission.admit(onListener, 10));
      assertNull(ticket.from(InetAddress.getByAddress(address), i));
      ticket.closed();
    }
    assertTrue(admission.addresses() <= 65_536, admission.addresses() + " addresses");
  }

  /** Else each new address would cost a look at all of them. */
  @Test
  void looksForIdleAddressesNowAndThenWhereMostAreConnected() throws Exception {
    Admission admission =
        admission(
            Limits.with(
                l -> {
                  l.connectionsPerSecond = 1;
                  l.connectionsMax = 100_000;
                  l.halfOpenMax = 100_000;
                  l.halfOpenPerSource = 100;
                }));
    List<Admission.Ticket> all = new ArrayList<>();
    for (int i = 0; i < 66_000; i++) {
      all.add(entered(admission, i, 0));
    }
    leave(all, 10);
    all.add(entered(admission, 66_000, 10_000));
    assertEquals(65_991, admission.addresses(), "the ten are forgotten");
    leave(all, 10);
    all.add(entered(admission, 66_001, 10_900));
    assertEquals(65_992, admission.addresses(), "nobody has looked so soon");
    all.add(entered(admission, 66_002, 11_000));
    assertEquals(65_983, admission.addresses());
  }

  private Admission.Ticket entered(Admission admission, int i, long nowMillis) throws Exception {
    byte[] address = {10, (byte) (i >> 16), (byte) (i >> 8), (byte) i};
    Admission.Ticket ticket = ticket(admission.admit(onListener, 100_000));
    assertNull(ticket.from(InetAddress.getByAddress(address), nowMillis));
    return ticket;
  }

  private static void leave(List<Admission.Ticket> all, int count) {
    for (int i = 0; i < count; i++) {
      all.removeFirst().closed();
    }
  }

  @Test
  void closesConnectionsOverTheLimitAtOnceAndServesTheOthers() throws Exception {
    EchoHandler.Log log = new EchoHandler.Log();
    try (var broker =
            TestBroker.start(
                TransportLimits.DEFAULTS,
                c -> new EchoHandler(c, log),
                TestBroker.listener(TCP, o -> o.withConnectionsMax(1)));
        var first = RawClient.plain(broker.address(TCP))) {
      first.send(RawClient.connect(0));
      assertArrayEquals(RawClient.CONNACK_V5, first.read(5));
      try (var second = RawClient.plain(broker.address(TCP))) {
        byte[] end = second.readToEnd();
        assertTrue(end == null || end.length == 0);
      }
      assertEquals(1, broker.metrics.connectionsTurnedAway.of(Turnaway.LISTENER_LIMIT).value());
      first.send(new byte[] {(byte) 0xC0, 0});
      assertEquals(2, first.read(2).length);
      first.hangUp();
      Await.until(() -> broker.transport.connections() == 0);
      try (var third = RawClient.plain(broker.address(TCP))) {
        third.send(RawClient.connect(0));
        assertArrayEquals(RawClient.CONNACK_V5, third.read(5));
      }
    }
  }
}
