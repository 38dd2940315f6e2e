package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.SharedGroup;
import io.signalbox.server.routing.Subscriber;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.store.Barrier;
import io.signalbox.server.store.Command;
import io.signalbox.server.store.Dequeue;
import io.signalbox.server.store.MoveQueued;
import io.signalbox.server.store.QueueSlice;
import io.signalbox.server.store.QueuedRow;
import io.signalbox.server.store.StorePublish;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Gives what a member of Shared Subscriptions leaves behind in its queue to other members: what was
 * not sent, and QoS 1 that was not acknowledged (MQTT 5.0 section 4.8.2). A QoS 2 delivery that was
 * begun stays where it is [MQTT-4.8.2-4], [MQTT-4.8.2-5], and what the client acknowledged with an
 * error is not in the queue any more [MQTT-4.8.2-6].
 *
 * <p>One run over the queue on disk, slice by slice. A row leaves the disk for a member that keeps
 * nothing there only when that has a place for it in memory; else the run waits for one. Rows of a
 * group that nobody is left of are passed over, and read again when all others are done.
 */
@ConfinedTo("the leaving session's I/O thread")
final class SharedHandover {
  private static final int ROWS_MAX = 1_000;
  private static final int BYTES_MAX = 1 << 20;
  private static final long RETRY_MILLIS = 100;

  /** Members asked for one message: a huge group whose queues are full must not hold up the end. */
  static final int MEMBERS_ASKED_MAX = 32;

  /** Asked then: members in memory are asked first, and may all be full. */
  static final int KEEPERS_ASKED_MAX = 32;

  private enum Occasion {
    /** Whoever is there takes, or queues, what it leaves: else it is lost. */
    END,
    /** Members that are connected take what it leaves: it may be back for the rest. */
    DISCONNECT,
    /** Whoever is there takes, or queues, what came by some of its Shared Subscriptions. */
    REVOKED
  }

  /** A Shared Subscription that the leaving session has or had, and who else has it. */
  private static final class Left {
    private final Subscription subscription;
    private final String shareName;

    /** Whether what came by it goes; else it is here to be told from those. */
    private final boolean goes;

    private final SubscriptionTrie trie;

    /** Null: nobody had it when it was looked for. */
    private @Nullable SharedGroup group;

    /** Whether a member that could take something was seen: it may be back in a moment. */
    private boolean hadTaker;

    /** The members had no room, or there was none, for longer than the run waits. */
    private boolean waitedInVain;

    /** Since the slice that is looked at first: its rows are there, and no member. */
    private boolean passedOver;

    Left(Subscription subscription, String shareName, boolean goes, SubscriptionTrie trie) {
      this.subscription = subscription;
      this.shareName = shareName;
      this.goes = goes;
      this.trie = trie;
    }

    /** Who has it now; one whose last member left and comes back is another group. */
    @Nullable SharedGroup group() {
      SharedGroup known = group;
      if (known == null || known.isEmpty()) {
        known = trie.group(subscription.filter(), shareName);
        group = known;
      }
      return known;
    }

    @Nullable Delivery takerOtherThan(Session leaver) {
      SharedGroup members = group();
      Delivery taker = members == null ? null : members.pickOtherThan(Set.of(leaver));
      hadTaker |= taker != null;
      return taker;
    }

    /** Whether nobody is there now, but somebody was. */
    boolean isDeserted(Session leaver) {
      return takerOtherThan(leaver) == null && hadTaker;
    }
  }

  private final SessionContext context;
  private final EventLoop loop;
  private final Occasion occasion;

  /** Gets nothing of what it leaves, although it may be a member, or one again. */
  private final Session leaver;

  private final long number;
  private final long epoch;
  private final List<Left> groups;
  private final Runnable done;

  /** Durable sessions whose queues rows are on their way to, which they do not know yet. */
  private final Set<Session> takers = new HashSet<>();

  /** Of members in memory, until what takes them is there. */
  private final List<Place> places = new ArrayList<>();

  private final Patience patience = new Patience();

  /** With groups that nobody is left of, all together. */
  private final Patience absence = new Patience();

  /** The first row that was passed over because nobody is left of its group; 0: none was. */
  private long passedOver;

  /** The first one that waits for a member; null: none does. */
  private @Nullable Leaving waiting;

  /** Sequences of those in the slice that nobody takes: lost, but for those read again. */
  private final List<Long> untaken = new ArrayList<>();

  /**
   * Of the next slice. From one on when a message has waited, as far as members take what there is:
   * each row of a slice may be refused before it is known that the first one waits.
   */
  private int rowsMax = ROWS_MAX;

  private long lastSequence;

  /** Rows from it on came since; 0: not known yet. */
  private long endSequence;

  private int moving;
  private long heldBytes;
  private boolean scanned;
  private boolean stopped;

  private SharedHandover(
      SessionContext context, Session leaver, Occasion occasion, List<Left> groups, Runnable done) {
    this.context = context;
    this.loop = leaver.owner();
    this.occasion = occasion;
    this.leaver = leaver;
    this.number = leaver.sessionNumber();
    this.epoch = occasion == Occasion.END ? Command.ANY_EPOCH : leaver.epoch();
    this.groups = groups;
    this.done = done;
    for (Left left : groups) {
      if (left.goes) {
        left.takerOtherThan(leaver); // whether there is one
      }
    }
  }

  /**
   * The session ends: whoever is there takes, or queues, what it leaves. Called while its
   * subscriptions are still in the index, so that their groups are found.
   *
   * @return what runs once they are not: nothing more is queued for the session then; null if it
   *     has no Shared Subscription, nor left one
   */
  static @Nullable SharedHandover atEnd(SessionContext context, Session session, Runnable done) {
    List<Left> groups = groups(context, session);
    return groups.isEmpty()
        ? null
        : new SharedHandover(context, session, Occasion.END, groups, done);
  }

  /**
   * The connection ended and its session stays: members that are connected take what it leaves. A
   * reconnect in between raises the epoch, and what was not moved yet stays.
   *
   * @return null if it has no Shared Subscription, nor left one
   */
  static @Nullable SharedHandover atDisconnect(
      SessionContext context, Session session, Runnable done) {
    List<Left> groups = groups(context, session);
    return groups.isEmpty()
        ? null
        : new SharedHandover(context, session, Occasion.DISCONNECT, groups, done);
  }

  /**
   * The session may not have these any more: whoever is there takes, or queues, what came by them.
   * Nothing is being delivered from the queue meanwhile, and they are not in the index any more. A
   * reconnect in between raises the epoch, and what was not moved yet stays.
   */
  static SharedHandover ofRevoked(
      SessionContext context, Session session, Collection<Subscription> shared, Runnable done) {
    List<Subscription> kept = new ArrayList<>(session.subscriptions().all());
    kept.addAll(session.subscriptions().left()); // what waits by one that was left is its own
    kept.removeAll(shared);
    List<Left> groups = groups(context, shared, true);
    groups.addAll(groups(context, kept, false));
    return new SharedHandover(context, session, Occasion.REVOKED, groups, done);
  }

  /** Those that it has come first. */
  private static List<Left> groups(SessionContext context, Session session) {
    List<Left> groups = groups(context, session.subscriptions().all(), true);
    groups.addAll(groups(context, session.subscriptions().left(), true));
    return groups;
  }

  private static List<Left> groups(
      SessionContext context, Collection<Subscription> subscriptions, boolean go) {
    List<Left> groups = new ArrayList<>();
    for (Subscription subscription : subscriptions) {
      String shareName = subscription.shareName();
      if (shareName != null) {
        groups.add(new Left(subscription, shareName, go, context.trie()));
      }
    }
    return groups;
  }

  /**
   * Once every I/O thread has finished what it does now, no publisher is left that still has the
   * session among its receivers; after the barrier all its rows can be read.
   */
  void start() {
    context
        .registry()
        .fence(
            loop,
            () ->
                context
                    .writer()
                    .submit(new Barrier(), new OnLoop(loop, _ -> goOn(), _ -> finish())));
  }

  /**
   * The client is back or its session ends: what is under way is brought to its end, the rest stays
   * where it is. A run that is started now finds only that, and {@code done} does not run.
   */
  void stop() {
    stopped = true;
  }

  /** A slice is moved before the next one is read. */
  private void goOn() {
    if (moving > 0) {
      return;
    }
    holds(0);
    countLost();
    if (!places.isEmpty()) {
      context.registry().fence(loop, this::leavePlaces);
      return;
    }
    if (stopped || (scanned && waiting == null && passedOver == 0)) {
      finish();
    } else if (waiting != null) {
      await(waiting);
    } else if (scanned) {
      awaitReturn();
    } else {
      context
          .store()
          .scanQueue(
              number,
              lastSequence,
              rowsMax,
              OutboundQueue.readable(loop.memory(), BYTES_MAX, 0),
              loop,
              this::onSlice);
    }
  }

  /** Of the slice that is being moved: many members may leave at once. */
  private void holds(long bytes) {
    loop.memory().charge(bytes - heldBytes);
    heldBytes = bytes;
  }

  /** Once for each, although what is behind the first that waits is read again. */
  private void countLost() {
    long readAgainFrom =
        Math.min(
            waiting == null ? Long.MAX_VALUE : waiting.row.sequence(),
            passedOver == 0 ? Long.MAX_VALUE : passedOver);
    for (long sequence : untaken) {
      if (sequence < readAgainFrom) {
        context.metrics().messagesDropped.inc(Metrics.Drop.SESSION_QUEUE_FULL, loop.index());
      }
    }
    untaken.clear();
  }

  /** Every I/O thread has been through, so that what was offered is where it counts by itself. */
  private void leavePlaces() {
    places.forEach(place -> place.member.outgoing().leave(place.count));
    places.clear();
    goOn();
  }

  /** It, and what is behind it, is read again when a member may have room. */
  private void await(Leaving first) {
    long millis = patience.nextMillis(first.row.sequence(), leaver.isAwaited());
    lastSequence = first.row.sequence() - 1;
    rowsMax = 1;
    scanned = false;
    waiting = null;
    if (millis == 0) {
      first.left.waitedInVain = true;
      goOn();
    } else {
      loop.schedule(millis, this::goOn);
    }
  }

  /** All else is done: what was passed over is read again when a member may be back. */
  private void awaitReturn() {
    List<Left> deserted = groups.stream().filter(left -> left.passedOver).toList();
    if (deserted.stream().allMatch(left -> left.isDeserted(leaver))) {
      long millis = absence.nextMillis(0, leaver.isAwaited());
      if (millis > 0) {
        loop.schedule(millis, this::goOn);
        return;
      }
      deserted.forEach(left -> left.waitedInVain = true);
    }
    deserted.forEach(left -> left.passedOver = false);
    lastSequence = passedOver - 1;
    passedOver = 0;
    rowsMax = 1;
    scanned = false;
    goOn();
  }

  private void finish() {
    if (!stopped) {
      done.run();
    }
  }

  /**
   * At once, and after all that was submitted for them: until they know they could take messages
   * for sent that are behind those rows, or lose their Shared Subscription as if nothing waited.
   */
  private void tellTakers() {
    takers.forEach(Session::rowsArrived);
    takers.clear();
  }

  private void onSlice(QueueSlice slice) {
    if (slice.rows().isEmpty() && !slice.end()) {
      loop.schedule(RETRY_MILLIS, this::goOn); // the readers have too much to do
      return;
    }
    holds(slice.bytes());
    if (endSequence == 0) {
      endSequence = slice.nextSequence();
    }
    rowsMax = Math.min(2 * rowsMax, ROWS_MAX);
    if (!stopped) {
      slice.rows().stream().filter(row -> row.sequence() < endSequence).forEach(this::look);
      tellTakers();
      scanned = slice.end() || slice.rows().getLast().sequence() >= endSequence - 1;
    }
    goOn();
  }

  private void look(QueuedRow row) {
    if (waiting != null) {
      return; // behind it, for the order
    }
    lastSequence = row.sequence();
    Message message = row.message();
    if (row.shared() && message != null && mayMove(row)) {
      Left left = leftOf(row, message);
      if (left != null) {
        give(new Leaving(row, message, left), taker(left));
      }
    }
  }

  private @Nullable Delivery taker(Left left) {
    SharedGroup group = left.group();
    Delivery taker = group == null ? null : group.pick();
    if (taker == null || leaver.equals(taker.subscriber())) {
      return left.takerOtherThan(leaver);
    }
    left.hadTaker = true;
    return taker;
  }

  private boolean mayMove(QueuedRow row) {
    return row.qos() == Qos.AT_LEAST_ONCE
        || (row.state() == QueuedRow.State.QUEUED
            && !leaver.outgoing().packetIds().mayHaveBegun(row.sequence()));
  }

  /** A message that looks for a member, and who did not take it. */
  private record Leaving(QueuedRow row, Message message, Left left, Set<Subscriber> refusing) {
    Leaving(QueuedRow row, Message message, Left left) {
      this(row, message, left, new HashSet<>(2));
    }

    boolean isStoredFor(Delivery taker) {
      return message.qos().min(taker.maximumQos()) != Qos.AT_MOST_ONCE;
    }

    /** Whether a member had no room in memory, where there may be some in a moment. */
    boolean mayWait() {
      return !left.waitedInVain && refusing.stream().anyMatch(member -> !member.isDurable());
    }

    /** Whether none is there, where one may be in a moment. */
    boolean mayBePassedOver(Session leaver) {
      return !left.waitedInVain && left.isDeserted(leaver);
    }
  }

  /** What a message takes of the memory of a member that it is on its way to. */
  private record Place(Session member, int count) {}

  /** To this member, else to another one. */
  private void give(Leaving leaving, @Nullable Delivery first) {
    Delivery taker = first;
    while (taker != null && !hasPlace(leaving, taker)) {
      leaving.refusing.add(taker.subscriber());
      taker = another(leaving);
    }
    boolean mayQueue = occasion != Occasion.DISCONNECT;
    if (taker != null && (mayQueue || taker.subscriber().isOnline())) {
      move(leaving, taker);
    } else {
      notTaken(leaving);
    }
  }

  private @Nullable Delivery another(Leaving leaving) {
    leaving.refusing.add(leaver);
    SharedGroup group = leaving.left.group();
    return group == null ? null : another(group, leaving.refusing, _ -> true);
  }

  /**
   * Who is asked next. Any I/O thread.
   *
   * @return null: there is nobody else, or enough were asked
   */
  static @Nullable Delivery another(
      SharedGroup group, Set<Subscriber> refusing, Predicate<Delivery> eligible) {
    int asked = refusing.size();
    boolean anybody = asked < MEMBERS_ASKED_MAX;
    if (!anybody && asked >= MEMBERS_ASKED_MAX + KEEPERS_ASKED_MAX) {
      return null;
    }
    return group.pickAmong(
        0,
        member ->
            !refusing.contains(member.subscriber())
                && (anybody || SharedGroup.keepsMessages(member))
                && eligible.test(member));
  }

  /** Whether the message may leave the disk for this member, or has a place on it there. */
  private boolean hasPlace(Leaving leaving, Delivery taker) {
    if (!(taker.subscriber() instanceof Session member)
        || member.isDurable()
        || !leaving.isStoredFor(taker)) {
      return true;
    }
    int taken = member.reserve(leaving.message);
    if (taken > 0) {
      places.add(new Place(member, taken));
    }
    return taken > 0;
  }

  private void notTaken(Leaving leaving) {
    if (leaving.mayBePassedOver(leaver)) {
      long sequence = leaving.row.sequence();
      leaving.left.passedOver = true;
      passedOver = passedOver == 0 ? sequence : Math.min(passedOver, sequence);
    } else if (leaving.mayWait()) {
      boolean isFirst = waiting == null || leaving.row.sequence() < waiting.row.sequence();
      waiting = isFirst ? leaving : waiting;
    } else if (occasion == Occasion.END && leaving.left.hadTaker) { // else it was for nobody else
      untaken.add(leaving.row.sequence());
    }
  }

  private void move(Leaving leaving, Delivery taker) {
    moving++;
    if (taker.subscriber().isDurable() && leaving.isStoredFor(taker)) {
      moveToQueue(leaving, taker);
    } else {
      moveToMemory(leaving, taker);
    }
  }

  private void moveToQueue(Leaving leaving, Delivery taker) {
    context
        .writer()
        .submit(
            new MoveQueued(
                number,
                epoch,
                leaving.row.sequence(),
                null,
                taker.subscriber().sessionNumber(),
                flags(leaving.message, taker),
                taker.subscriptionIdentifiers()),
            new OnLoop(loop, result -> queued(leaving, taker, result), _ -> moved()));
    if (taker.subscriber() instanceof Session session) {
      takers.add(session);
    }
  }

  private void queued(Leaving leaving, Delivery taker, @Nullable Object result) {
    if (MoveQueued.REFUSED.equals(result)) {
      refused(leaving, taker.subscriber());
    } else if (!MoveQueued.GONE.equals(result)) {
      context.metrics().sharedHandovers.inc(loop.index());
    }
    moved();
  }

  private void refused(Leaving leaving, Subscriber member) {
    if (stopped) {
      return; // whoever comes after this run finds the row where it was
    }
    leaving.refusing.add(member);
    give(leaving, another(leaving));
    tellTakers();
  }

  /** The row goes first: a connection that took the session up again would send it too. */
  private void moveToMemory(Leaving leaving, Delivery taker) {
    context
        .writer()
        .submit(
            new Dequeue(number, epoch, leaving.row.sequence(), null),
            new OnLoop(loop, result -> dequeued(leaving, taker, result), _ -> moved()));
  }

  private void dequeued(Leaving leaving, Delivery taker, @Nullable Object result) {
    if (Boolean.TRUE.equals(result)) {
      context.metrics().sharedHandovers.inc(loop.index());
      taker.subscriber().offer(taker, leaving.message, null, 0);
    }
    moved();
  }

  private void moved() {
    moving--;
    goOn();
  }

  /**
   * A row does not say by which of the session's Shared Subscriptions it came: one with its filter
   * and identifier, else one with its filter. Of those one that others have too.
   *
   * @return null if it may have come by one of which nothing goes, or nobody else had them
   */
  private @Nullable Left leftOf(QueuedRow row, Message message) {
    List<Subscription> possible =
        candidates(
            groups.stream().map(left -> left.subscription).toList(),
            message,
            row.subscriptionIdentifiers());
    List<Left> candidates =
        groups.stream().filter(left -> possible.contains(left.subscription)).toList();
    if (!candidates.stream().allMatch(left -> left.goes)) {
      return null;
    }
    return candidates.stream()
        .filter(left -> left.group() != null)
        .findFirst()
        .or(() -> candidates.stream().filter(left -> left.hadTaker).findFirst())
        .orElse(null);
  }

  /**
   * Those by which a row may have come: with its filter and identifier, else with its filter.
   *
   * @param identifiers of the row
   */
  static List<Subscription> candidates(
      List<Subscription> shared, Message message, int[] identifiers) {
    List<Subscription> matching =
        shared.stream().filter(one -> one.filter().matches(message.topic())).toList();
    List<Subscription> same =
        matching.stream().filter(one -> isBy(one.identifier(), identifiers)).toList();
    return same.isEmpty() ? matching : same;
  }

  private static boolean isBy(int identifier, int[] identifiers) {
    return identifiers.length == 0
        ? identifier == Subscription.NO_IDENTIFIER
        : identifiers[0] == identifier;
  }

  static byte flags(Message message, Delivery taker) {
    return StorePublish.flags(
        message.qos().min(taker.maximumQos()), message.retain() && taker.retainAsPublished(), true);
  }
}
