package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.store.AssignPacketId;
import io.signalbox.server.store.Barrier;
import io.signalbox.server.store.Command;
import io.signalbox.server.store.MarkSent;
import io.signalbox.server.store.StorePublish;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives each message to one client its packet identifier, and keeps the mark up to which rows of
 * the queue on disk may have been sent.
 *
 * <p>An identifier is on disk, or will be in the same commit as its row, before the packet is sent:
 * else a crash would send the message again under another one. Most need no commit of their own,
 * because they are derived from the row's sequence, and rows below the mark go out with DUP after a
 * crash.
 *
 * <p>After a crash the mark is taken for the truth: a row that it covers and that was never sent
 * outlives its expiry. So while a queue waits for the client the mark is moved on by few rows, and
 * it is moved back when the client takes none.
 */
@ConfinedTo("the session's I/O thread")
final class PacketIds {
  /** Enough for a commit to cost little a message, and few enough for the writer's queue. */
  private static final int ASSIGNED_AT_ONCE = 1_024;

  /** Rows of a queue that the mark is moved by: enough for a command to cost little a message. */
  private static final int ROWS_AT_ONCE = 1_024;

  /** So many that a move lasts for are few enough to try a longer one. */
  private static final int FEW_ROWS = ROWS_AT_ONCE / 4;

  /** A client that takes one message now and then costs no more than two commands in this time. */
  private static final long LOOK_MILLIS = 2_000;

  /** Of one session; what is beyond it counts as sent, as after a crash. */
  private static final int OVERTAKEN_MAX = 1_024;

  private final SessionContext context;
  private final Session session;
  private final OutgoingMessages outgoing;
  private final InflightWindow inflight;

  /** Rows up to it may be sent: after a crash they go out with DUP. Committed. */
  private long sentMark;

  private long sentUpTo;

  /**
   * Rows up to {@link #sentUpTo} that were not sent: QoS 2 is offered when the disk has it, after
   * QoS 1 that was submitted later. Null: none is known. A crash forgets them.
   */
  private @Nullable Set<Long> overtaken;

  /** What {@link #sentUpTo} was when the connection began: rows above it go out without DUP. */
  private long sentBefore;

  private boolean marking;

  /** A message above it has the mark moved on, so that those behind need not wait for that. */
  private long moveFrom;

  /**
   * So many sequences are thought to hold {@link #ROWS_AT_ONCE} of this session, or fewer: those
   * between are of all sessions. Half of it before it was used.
   */
  private int step = ROWS_AT_ONCE / 2;

  /** Rows sent since the mark moved by {@link #step}. */
  private int taken;

  /** Null while nothing waits for the client, or the mark is where it got to. */
  private @Nullable Timer nextLook;

  /** What {@link #sentUpTo} was at the last look. */
  private long sentAtLook;

  /**
   * Messages of this connection that expired before they were sent, and whose rows the mark covers.
   */
  private int drops;

  /** So many of {@link #drops} have left the disk. */
  private int dropsCommitted;

  private boolean awaitingDrops;

  PacketIds(
      SessionContext context, Session session, OutgoingMessages outgoing, InflightWindow inflight) {
    this.context = context;
    this.session = session;
    this.outgoing = outgoing;
    this.inflight = inflight;
  }

  /** As it was stored. */
  void restore(long storedSentUpTo) {
    sentUpTo = storedSentUpTo;
    sentMark = storedSentUpTo;
    moveFrom = storedSentUpTo;
  }

  void connectionBegins() {
    sentBefore = sentUpTo;
  }

  /**
   * The mark moves to what was really sent: back, or on to a message above it that had its
   * identifier in its row, because later connections take those below for covered.
   */
  void connectionEnds() {
    if (session.isDurable() && session.sessionNumber() != 0 && (sentMark != sentUpTo || marking)) {
      context
          .writer()
          .submit(new MarkSent(session.sessionNumber(), session.epoch(), sentUpTo), null);
    }
    sentMark = sentUpTo;
    moveFrom = sentUpTo;
    marking = false;
    noteOvertaken();
    forgetStep();
    if (nextLook != null) {
      nextLook.cancel();
      nextLook = null;
    }
    drops = 0;
    dropsCommitted = 0;
    awaitingDrops = false;
  }

  private void noteOvertaken() {
    if (outgoing.isAllInMemory()) {
      overtaken = null; // the queue tells of all rows that there are
    }
    for (OutgoingPublish waits = outgoing.queue().peek(); waits != null; waits = waits.next) {
      if (waits.durable() && !waits.dup && waits.packetId == 0 && !waits.assigning) {
        notSent(waits.sequence());
      }
    }
  }

  /** No connection has sent the row, of which the disk has no other word. */
  void notSent(long sequence) {
    if (sequence == 0 || sequence > sentUpTo) {
      return;
    }
    Set<Long> known = overtaken == null ? new HashSet<>(2) : overtaken;
    if (known.size() < OVERTAKEN_MAX) {
      known.add(sequence);
      overtaken = known;
    }
  }

  private boolean isOvertaken(long sequence) {
    Set<Long> known = overtaken;
    return known != null && known.contains(sequence);
  }

  /** Whether the row may have been sent, on this connection or on an earlier one. */
  boolean mayHaveBegun(long sequence) {
    return sequence <= sentUpTo && !isOvertaken(sequence);
  }

  /** Whether an earlier connection may have sent the row. */
  boolean maybeSent(long sequence) {
    return sequence <= sentBefore && !isOvertaken(sequence);
  }

  void sent(OutgoingPublish publish) {
    if (publish.durable()) {
      sentUpTo = Math.max(sentUpTo, publish.sequence());
      taken++;
      if (overtaken != null) {
        overtaken.remove(publish.sequence());
      }
    }
  }

  /**
   * Chooses the identifier of a message that is to be sent now.
   *
   * @return false: not yet; {@link OutgoingMessages#pump} is called again when the disk has it
   */
  boolean choose(OutgoingPublish publish) {
    if (publish.durable() && dropsAreUnderWay()) {
      return false;
    }
    if (publish.packetId != 0) {
      return !inflight.uses(publish.packetId);
    }
    if (publish.assigning) {
      return false;
    }
    if (!publish.durable()) {
      publish.packetId = inflight.freePacketId();
      return true;
    }
    if (publish.handle != null
        && publish.qos == Qos.AT_LEAST_ONCE
        && publish.handle.sequence() == 0) {
      int free = inflight.freePacketId();
      if (publish.handle.claimPacketId(publish.receiverIndex, free)) {
        publish.packetId = free;
        return true;
      }
    }
    long sequence = publish.sequence();
    if (sequence > sentMark) {
      moveMark(sequence);
      return false;
    }
    if (sequence > moveFrom) {
      moveMark(sequence);
    }
    int derived = StorePublish.derivedPacketId(sequence);
    if (publish.dup) {
      return keep(publish, derived);
    }
    if (rowMayBeGone(publish) || inflight.uses(derived) || mayBeHeldOnDisk(publish, derived)) {
      assign(publish);
      return false;
    }
    publish.packetId = derived;
    return true;
  }

  /**
   * A copy in memory does not know whether its row gave way to a newer one meanwhile. QoS 1 does
   * not mind; QoS 2 without a row would leave the client with an identifier that nobody releases.
   * None gives way that an earlier connection may have sent: then the mark covered it, maybe in a
   * process that dropped the newest, and the client may know it by its derived identifier.
   */
  private boolean rowMayBeGone(OutgoingPublish publish) {
    return context.dropsOldest() && publish.qos == Qos.EXACTLY_ONCE;
  }

  /**
   * An earlier connection may have sent it: then the client knows it by this identifier and by no
   * other [MQTT-4.4.0-1], and another one could be that by which it knows the next. So it waits
   * until this one is free, also on disk.
   */
  private boolean keep(OutgoingPublish publish, int derived) {
    if (inflight.uses(derived)) {
      return false; // its acknowledgement pumps
    }
    if (mayBeHeldOnDisk(publish, derived)) {
      publish.assigning = true;
      submit(
          new Barrier(),
          _ -> {
            publish.assigning = false;
            publish.packetId = derived;
          });
      return false;
    }
    publish.packetId = derived;
    return true;
  }

  /** Another one is assigned then: with a commit, behind that of the row which holds this one. */
  private boolean mayBeHeldOnDisk(OutgoingPublish publish, int packetId) {
    return publish.qos == Qos.EXACTLY_ONCE && leaving().contains(session.sessionNumber(), packetId);
  }

  /** The message's row is about to go, and its identifier is free for another one. */
  void givenBack(OutgoingPublish publish) {
    if (publish.packetId != 0) {
      leaving().add(session.sessionNumber(), publish.packetId);
    }
  }

  private LeavingIds leaving() {
    return context.leavingIds(session.owner());
  }

  /**
   * A message expired before it was sent, and its row is about to go. If the row were still there
   * after a crash, and the mark covered it or it had its identifier, it would be taken for one that
   * was sent, and sent again: behind those that follow it. So they wait until it has gone.
   */
  void dropped(OutgoingPublish publish) {
    boolean mayBeTakenForSent = marking || publish.packetId != 0 || publish.sequence() <= sentMark;
    if (publish.durable() && mayBeTakenForSent) {
      drops++;
    }
  }

  private boolean dropsAreUnderWay() {
    if (drops == dropsCommitted) {
      return false;
    }
    if (!awaitingDrops) {
      outgoing.dropExpired(); // with the same commit
      awaitingDrops = true;
      int upTo = drops;
      submit(
          new Barrier(),
          _ -> {
            awaitingDrops = false;
            dropsCommitted = upTo;
          });
    }
    return true;
  }

  private void moveMark(long sequence) {
    if (marking) {
      return;
    }
    long block = sequence + context.markBlock();
    adaptStep();
    long mark = Math.min(block, reach(sequence));
    if (mark > sentMark) {
      setMark(mark);
    }
    moveFrom = mark < block ? sequence + (mark - sequence) / 2 : mark;
  }

  /** A move by {@link #step} is used up: it held twice as many rows as were sent, or more. */
  private void adaptStep() {
    step =
        taken < FEW_ROWS
            ? (int) Math.min(2L * step, context.markBlock())
            : Math.max(ROWS_AT_ONCE, step / (taken / FEW_ROWS));
    taken = 0;
  }

  private void forgetStep() {
    step = ROWS_AT_ONCE / 2;
    taken = 0;
  }

  /** How far the mark may go for what waits behind a sequence. */
  private long reach(long sequence) {
    long last = sequence;
    int rows = 0;
    OutgoingPublish publish = outgoing.queue().peek();
    for (; publish != null && rows < ROWS_AT_ONCE; publish = publish.next) {
      last = Math.max(last, publish.sequence());
      rows++;
    }
    if (publish == null && outgoing.isAllInMemory()) {
      forgetStep();
      return Long.MAX_VALUE;
    }
    if (rows >= FEW_ROWS) {
      forgetStep(); // these tell
      return Math.max(last, sequence + ROWS_AT_ONCE);
    }
    return Math.max(last, sequence + step);
  }

  /**
   * What may be sent is what was covered before and still is, until the disk has the new mark.
   *
   * <p>INVARIANT: nothing above {@link #sentMark} was sent but what its row carries an identifier
   * for, and commands are applied in their order: so a mark that is moved back to it covers all
   * that was sent, and what is sent above waits for a later command.
   */
  private void setMark(long mark) {
    marking = true;
    sentMark = Math.min(sentMark, mark);
    submit(
        new MarkSent(session.sessionNumber(), session.epoch(), mark),
        _ -> {
          marking = false;
          sentMark = mark;
        });
  }

  /** Something waits for the client, and what is still to come may be more than it takes. */
  void somethingWaits() {
    if (nextLook == null && sentMark > sentUpTo) {
      sentAtLook = sentUpTo;
      nextLook = session.owner().schedule(LOOK_MILLIS, this::look);
    }
  }

  private void look() {
    nextLook = null;
    if (!outgoing.somethingWaits()) {
      return;
    }
    boolean standsStill = sentUpTo == sentAtLook;
    if (standsStill) {
      forgetStep();
    } else if (taken >= 2 * FEW_ROWS) {
      adaptStep(); // there is less between them now
    }
    long mark = standsStill ? sentUpTo : reach(sentUpTo);
    if (mark < sentMark && !marking) {
      setMark(mark);
      moveFrom = mark;
    }
    somethingWaits();
  }

  /**
   * Gives the message, and as many of those behind it as may be sent with it, identifiers by one
   * commit. Where the window holds much of all identifiers, one message in need of this follows the
   * other, and a commit each would let them out one by one.
   *
   * <p>Nothing else takes an identifier until all of these are in the window: they stand first in
   * the queue, one behind the other, and there are as many free ones.
   */
  private void assign(OutgoingPublish first) {
    int left = Math.min(ASSIGNED_AT_ONCE, inflight.room());
    for (OutgoingPublish p = first; p != null && left > 0 && (p == first || follows(p)); left--) {
      assign(p, inflight.freePacketId());
      p = p.next;
    }
  }

  private boolean follows(OutgoingPublish publish) {
    return publish.packetId == 0
        && !publish.assigning
        && !publish.dup
        && publish.durable()
        && publish.sequence() > 0
        && publish.sequence() <= sentMark;
  }

  private void assign(OutgoingPublish publish, int free) {
    publish.assigning = true;
    submit(
        new AssignPacketId(
            session.sessionNumber(), session.epoch(), publish.sequence(), publish.handle, free),
        found -> {
          publish.assigning = false;
          publish.packetId = free;
          publish.gone = !Boolean.TRUE.equals(found);
        });
  }

  /**
   * When the disk has it, and unless the connection has changed meanwhile, takes note and sends.
   */
  private void submit(Command command, OnLoop.Success note) {
    ClientConnection forWhom = session.connection();
    context
        .writer()
        .submit(
            command,
            new OnLoop(
                session.owner(),
                result -> {
                  if (session.connection() == forWhom) {
                    note.committed(result);
                    outgoing.pump();
                  }
                },
                session::storeFailed));
  }
}
