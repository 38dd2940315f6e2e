package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Message;
import io.signalbox.server.store.Barrier;
import io.signalbox.server.store.QueueSlice;
import io.signalbox.server.store.QueuedRow;
import io.signalbox.server.store.StorePublish;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings the rows of a durable session's queue into memory, slice by slice, without losing or
 * doubling what arrives meanwhile.
 *
 * <p>A read begins after a command of ours was committed, so every row that was submitted before
 * that command is seen. What is offered after it is held here. At the end of the queue a held
 * message whose row was visible to the last slice has been read and is skipped; the others follow
 * in the order of their arrival, and the session is live.
 */
@ConfinedTo("the session's I/O thread")
final class DiskReader {
  private static final int ROWS_MAX = 1_000;
  private static final int HELD_MAX = 4_096;
  private static final long RETRY_MILLIS = 100;
  private static final long MEMORY_MILLIS = 500;

  private final SessionContext context;
  private final Session session;
  private final OutgoingMessages outgoing;

  /** Null while nothing is held: most sessions never hold anything. */
  private @Nullable Deque<Held> held;

  /** Of messages in {@link #held} and {@link #heldForTransient}. */
  private long heldBytes;

  /**
   * Rows that were in memory when the read began: they are skipped, also after they were
   * acknowledged.
   */
  private Set<Long> skip = Set.of();

  private long lastSequence;

  /** The highest of the rows that were ever read, whatever became of the read. */
  private long seenUpTo;

  /** Every row below it was visible to the end of a read. */
  private long readUpTo;

  private boolean reading;
  private boolean heldTooMany;

  /** Answers to an older read are ignored. */
  private int round;

  private sealed interface Held {
    StorePublish handle();

    int bytes();
  }

  private record HeldOffer(Offer offer, StorePublish handle) implements Held {
    @Override
    public int bytes() {
      return offer.bytes();
    }
  }

  private record HeldRetained(
      Message message, Qos qos, int[] subscriptionIdentifiers, StorePublish handle)
      implements Held {
    @Override
    public int bytes() {
      return message.bytes() + Integer.BYTES * subscriptionIdentifiers.length;
    }
  }

  DiskReader(SessionContext context, Session session, OutgoingMessages outgoing) {
    this.context = context;
    this.session = session;
    this.outgoing = outgoing;
  }

  /** A connection is being opened: hold from now on, and read nothing before {@link #read}. */
  void begin() {
    stop();
    lastSequence = 0;
    reading = true;
  }

  void stop() {
    round++;
    reading = false;
    heldTooMany = false;
    held = null;
    heldForTransient = null;
    count(-heldBytes);
    skip = Set.of();
  }

  void hold(Offer offer) {
    StorePublish handle = offer.handle;
    if (handle != null) {
      hold(new HeldOffer(offer, handle));
    } else {
      transientHeld(offer);
    }
  }

  void holdRetained(Message message, Qos qos, int[] subscriptionIdentifiers, StorePublish handle) {
    hold(new HeldRetained(message, qos, subscriptionIdentifiers, handle));
  }

  private void hold(Held one) {
    if (heldTooMany) {
      return;
    }
    Deque<Held> all = held == null ? new ArrayDeque<>() : held;
    if (!mayHold(all.size(), one.bytes())) {
      readAgain();
      return;
    }
    all.add(one);
    held = all;
    count(one.bytes());
  }

  private boolean mayHold(int count, int bytes) {
    return count < HELD_MAX
        && OutboundQueue.mayHold(
            session.owner().memory(), heldBytes + bytes, context.queueLimits().bytesMax());
  }

  private void count(long change) {
    if (change != 0) {
      heldBytes += change;
      session.owner().memory().charge(change);
    }
  }

  /**
   * Only a transient session that waits for the row of its will comes here, for the few
   * milliseconds of a commit.
   */
  private @Nullable Deque<Offer> heldForTransient;

  private void transientHeld(Offer offer) {
    Deque<Offer> all = heldForTransient == null ? new ArrayDeque<>() : heldForTransient;
    if (mayHold(all.size(), offer.bytes())) {
      all.add(offer);
      heldForTransient = all;
      count(offer.bytes());
    } else {
      context
          .metrics()
          .messagesDropped
          .inc(Metrics.Drop.MEMORY_QUEUE_FULL, session.owner().index());
    }
  }

  void releaseHeld() {
    for (Offer one = nextForTransient(); one != null; one = nextForTransient()) {
      outgoing.release(one);
    }
  }

  private @Nullable Offer nextForTransient() {
    Deque<Offer> all = heldForTransient;
    if (all == null || all.isEmpty()) {
      heldForTransient = null;
      return null;
    }
    Offer next = all.remove();
    count(-next.bytes());
    return next;
  }

  /** Reads from the first row; everything submitted before is committed. */
  void read() {
    lastSequence = 0;
    readSlice();
  }

  /**
   * The session fell behind: once everything submitted so far is committed, reads what is not in
   * memory.
   */
  void catchUp() {
    int now = ++round;
    reading = true;
    // Taken now, because what the client completes while we wait may still be visible to the read;
    // the sequences are asked for later, because only then all of them are known.
    List<OutgoingPublish> known = outgoing.inMemory();
    context
        .writer()
        .submit(
            new Barrier(),
            new OnLoop(
                session.owner(),
                _ -> {
                  if (now == round) {
                    skip = new HashSet<>();
                    for (OutgoingPublish publish : known) {
                      if (publish.durable()) {
                        skip.add(publish.sequence());
                      }
                    }
                    lastSequence = 0;
                    readSlice();
                  }
                },
                _ -> {}));
  }

  /**
   * Whether the row of an offered message came by way of the disk, however late the offer arrives.
   */
  boolean alreadyRead(StorePublish handle) {
    long sequence = handle.sequence();
    return sequence != 0 && sequence < readUpTo;
  }

  /** The same, also of a read that has not come to its end, was stopped, or began anew. */
  boolean mayHaveRead(StorePublish handle) {
    return alreadyRead(handle) || handle.sequence() <= seenUpTo;
  }

  /** Rows came to the end of the queue by another way than an offer. */
  void readAgain() {
    heldTooMany = true; // what is held is on disk, and is read with them
    held = null;
    count(-heldBytes);
  }

  /** What is held is read from disk, if anything is. */
  void readHeldAgain() {
    if (held != null) {
      readAgain();
    }
  }

  /** Memory has room for more. */
  void readOn() {
    if (!reading) {
      readSlice();
    }
  }

  private void readSlice() {
    reading = true;
    int now = ++round;
    if (outgoing.queue().isMemorySpent()) {
      session.owner().schedule(MEMORY_MILLIS, () -> retry(now));
      return;
    }
    context
        .store()
        .scanQueue(
            session.sessionNumber(),
            lastSequence,
            Math.min(ROWS_MAX, outgoing.queue().room() + skip.size()),
            outgoing.queue().byteRoom(),
            session.owner(),
            slice -> {
              if (now == round) {
                onSlice(slice);
              }
            });
  }

  private void onSlice(QueueSlice slice) {
    if (slice.rows().isEmpty() && !slice.end()) {
      int now = round; // the readers have too much to do
      session.owner().schedule(RETRY_MILLIS, () -> retry(now));
      return;
    }
    reading = false;
    for (QueuedRow row : slice.rows()) {
      lastSequence = row.sequence();
      seenUpTo = Math.max(seenUpTo, lastSequence);
      if (!skip.contains(row.sequence())) {
        outgoing.enqueue(toPublish(row));
      }
    }
    if (!slice.end()) {
      outgoing.pump();
      return;
    }
    if (heldTooMany) {
      heldTooMany = false;
      catchUpLater();
      return;
    }
    readUpTo = slice.nextSequence();
    outgoing.caughtUp();
    skip = Set.of();
    for (Held one = nextHeld(); one != null; one = nextHeld()) {
      if (alreadyRead(one.handle())) {
        continue;
      }
      switch (one) {
        case HeldOffer h -> outgoing.release(h.offer());
        case HeldRetained r ->
            outgoing.deliverRetained(r.message(), r.qos(), r.subscriptionIdentifiers(), r.handle());
      }
    }
    outgoing.pump();
  }

  private @Nullable Held nextHeld() {
    Deque<Held> all = held;
    if (all == null || all.isEmpty()) {
      held = null;
      return null;
    }
    Held next = all.remove();
    count(-next.bytes());
    return next;
  }

  private void retry(int ofRound) {
    if (ofRound == round) {
      readSlice();
    }
  }

  private void catchUpLater() {
    outgoing.fellBehind();
    outgoing.pump();
  }

  private OutgoingPublish toPublish(QueuedRow row) {
    @Nullable Message message = row.message();
    OutgoingPublish publish =
        new OutgoingPublish(
            message,
            row.qos(),
            row.retain(),
            row.subscriptionIdentifiers(),
            null,
            0,
            row.sequence());
    publish.packetId = row.packetId();
    publish.sharedRow = row.shared();
    switch (row.state()) {
      case QUEUED -> publish.dup = outgoing.packetIds().maybeSent(row.sequence());
      case SENT -> publish.dup = true;
      case RELEASED -> publish.state = OutgoingPublish.State.RELEASED;
    }
    return publish;
  }
}
