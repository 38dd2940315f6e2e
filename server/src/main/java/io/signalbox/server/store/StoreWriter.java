package io.signalbox.server.store;

import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.store.CommandQueue.Entry;
import io.signalbox.server.store.Committer.NoRoomException;
import io.signalbox.server.store.StoreException.Reason;
import io.signalbox.server.topic.TopicName;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;
import org.lmdbjava.LmdbNativeException;

/**
 * The one thread that changes the store. It takes what is waiting, applies it in one transaction,
 * commits, which syncs to disk, and then answers: one list and one wake-up for each I/O thread. It
 * never lingers to gather more, because the sync itself lets the next batch gather.
 */
public final class StoreWriter {
  private static final Logger LOG = System.getLogger(StoreWriter.class.getName());

  private static final long IDLE_NANOS = 1_000_000_000;

  /** While there is no room and nothing to do it looks as often for some. */
  private static final long FULL_NANOS = 100_000_000;

  private static final long RETRY_MILLIS = 100;

  /** Behind so many times the mark at which publishers are to stop, publishes are refused. */
  private static final int HARD_LIMIT_FACTOR = 4;

  /** Who keeps track of retained messages that are not durable yet. */
  public interface RetainedListener {
    /**
     * A publish is durable or was refused. In order, after the commit and before any completion; on
     * the writer thread, or on a submitter's when it was refused at once.
     *
     * @param changed false: it was refused, or was a repetition, so that the topic's message is
     *     still the one before it
     */
    void settled(TopicName topic, boolean changed);
  }

  /** Ends a batch early: applying this entry failed. */
  private static final class FaultException extends Exception {
    final Entry entry;

    FaultException(Entry entry, Throwable cause) {
      super("fault", cause, false, false);
      this.entry = entry;
    }
  }

  private final CommandQueue queue = new CommandQueue();
  private final Waiters forRelief = new Waiters();
  private final Waiters forRoom = new Waiters();
  private final StoreConfig config;
  private final WriteBatch batch;
  private final StateMachine machine;
  private final DiskSpace space;
  private final Clocks clocks;
  private final Metrics metrics;
  private final Consumer<Throwable> fatal;
  private final StoreThread thread;

  private volatile @Nullable RetainedListener retainedListener;
  private volatile StoreTotals totals;
  private volatile boolean closed;
  private volatile boolean failed;
  private volatile boolean room = true;

  /** The writer takes nothing from the queue any more, so whoever submits must. */
  private volatile boolean ended;

  @ConfinedTo("store writer")
  private final List<Entry> entries = new ArrayList<>();

  @ConfinedTo("store writer")
  private final List<Answers> answers = new ArrayList<>();

  StoreWriter(
      StoreConfig config,
      WriteBatch batch,
      DiskSpace space,
      Clocks clocks,
      Metrics metrics,
      Consumer<Throwable> fatal) {
    this.config = config;
    this.batch = batch;
    this.machine = new StateMachine(batch);
    this.space = space;
    this.clocks = clocks;
    this.metrics = metrics;
    this.fatal = fatal;
    this.totals = batch.readTotals();
    this.thread = new StoreThread("writer", this::run);
    metrics.storeQueueCommands.from(queue::commands);
    metrics.storeQueueBytes.from(queue::bytes);
    metrics.storeWaiting.from(() -> forRelief.size() + forRoom.size());
  }

  /** As of the last commit. Any thread. */
  StoreTotals totals() {
    return totals;
  }

  /** Whether what this session left, which has ended, cannot be deleted. Any thread. */
  boolean leavesAlone(long number) {
    return batch.leftAlone.isEnded(number);
  }

  void start() {
    thread.start();
  }

  /** Told what becomes of each publish that sets or clears a retained message. */
  public void onRetained(RetainedListener listener) {
    retainedListener = listener;
  }

  // ---- any thread

  /**
   * Takes a command to be applied after all that this thread submitted before. Never waits and
   * never throws: what cannot be done is told to the completion. Any thread.
   */
  public void submit(Command command, @Nullable Completion completion) {
    StoreException refused = refusal(command);
    push(command, new Entry(refused == null ? command : null, completion, refused), refused);
  }

  /**
   * The same for one of whose messages none may overtake another.
   *
   * @param submitter null: each of them stands for itself
   */
  public void submit(
      StorePublish publish, @Nullable Completion completion, @Nullable Submitter submitter) {
    publish.submittedBy(submitter);
    submit(publish, completion);
  }

  /**
   * The same, with further copies for sessions that have it already: in one commit, or refused
   * together.
   *
   * @param copies made by {@link StorePublish#copyFor} of {@code publish}
   */
  public void submit(
      StorePublish publish,
      List<StorePublish> copies,
      @Nullable Completion completion,
      @Nullable Submitter submitter) {
    StoreException refused = refusal(publish);
    List<StorePublish> all = new ArrayList<>();
    List<Entry> together = new ArrayList<>();
    all.add(publish);
    all.addAll(copies);
    for (StorePublish each : all) {
      each.submittedBy(submitter);
      Completion told = each == publish ? completion : null;
      together.add(new Entry(refused == null ? each : null, told, refused));
    }
    push(all, together, refused);
  }

  private void push(Command command, Entry entry, @Nullable StoreException refused) {
    if (refused != null && command instanceof StorePublish publish) {
      publish.refuse();
    }
    queue.push(entry);
    pushed(command, refused);
  }

  private void push(
      List<StorePublish> publishes, List<Entry> entries, @Nullable StoreException refused) {
    if (refused != null) {
      publishes.reversed().forEach(StorePublish::refuse); // see refuseWhatGrows
    }
    queue.push(entries);
    publishes.forEach(publish -> pushed(publish, refused));
  }

  private void pushed(Command command, @Nullable StoreException refused) {
    if (refused != null && command instanceof StorePublish publish) {
      metrics.messagesDropped.of(Drop.STORE_FULL).add(refused.reason() == Reason.BUSY ? 1 : 0);
      settle(publish, false);
    }
    if (ended) {
      refuseRest();
    }
  }

  /**
   * Submits a command and waits until it is durable. Never on an I/O thread: for administration,
   * background work and the command line.
   *
   * @return the command's result
   * @throws StoreException the command was refused
   */
  public @Nullable Object await(Command command) throws StoreException, InterruptedException {
    var waiter = new Waiter();
    StoreException refused = refusal(command);
    push(command, new Entry(refused == null ? command : null, waiter, refused), refused);
    return waiter.await();
  }

  private @Nullable StoreException refusal(Command command) {
    if (failed) {
      return new StoreException(Reason.FAILED);
    }
    if (closed) {
      return new StoreException(Reason.CLOSED);
    }
    boolean over =
        queue.commands() >= (long) HARD_LIMIT_FACTOR * config.queueCommandsMax()
            || queue.bytes() >= HARD_LIMIT_FACTOR * config.queueBytesMax();
    return over && command.grows() ? new StoreException(Reason.BUSY) : null;
  }

  /**
   * Whether publishers are to be read no further until {@link #whenRelieved} runs. Any thread; a
   * moment later it may be otherwise.
   */
  public boolean congested() {
    return queue.commands() >= config.queueCommandsMax() || queue.bytes() >= config.queueBytesMax();
  }

  /**
   * Whether the last batch found room for what takes some. Any thread; a moment later it may be
   * otherwise.
   */
  public boolean hasRoom() {
    return room && !failed && !closed;
  }

  /** Runs a task on a loop once there is room again; soon, if there is already. Any thread. */
  public Waiting whenRoom(EventLoop loop, Runnable task) {
    Waiting waiting = forRoom.add(loop, task);
    queue.wake();
    return waiting;
  }

  private void roomIs(boolean now) {
    room = now;
    if (now) {
      forRoom.call();
    }
  }

  /** Runs a task on a loop once the queue is half empty; soon, if it is already. Any thread. */
  public Waiting whenRelieved(EventLoop loop, Runnable task) {
    metrics.storeCongested.inc();
    Waiting waiting = forRelief.add(loop, task);
    if (isRelieved()) {
      forRelief.call();
    }
    return waiting;
  }

  private boolean isRelieved() {
    return queue.commands() <= config.queueCommandsMax() / 2
        && queue.bytes() <= config.queueBytesMax() / 2;
  }

  /**
   * Applies what was submitted before, unless the disk has no room even for what makes some, then
   * ends the thread. What comes later is refused.
   */
  void close() {
    closed = true;
    queue.wake();
    thread.awaitEnd();
    ended = true;
    refuseRest();
  }

  // ---- writer thread

  private void run() {
    takeTurns();
    ended = true;
    refuseRest();
  }

  private void takeTurns() {
    while (!failed) {
      boolean closing = closed; // before the look: what was submitted first is applied
      Entry first = queue.poll();
      if (first == null) {
        if (closing) {
          return;
        }
        roomIs(space.mayGrow());
        queue.await(room ? IDLE_NANOS : FULL_NANOS);
        continue;
      }
      gather(first);
      try {
        if (!carryOut()) {
          return;
        }
      } catch (Throwable e) {
        fail(e);
      }
      if (isRelieved()) {
        forRelief.call();
      }
    }
  }

  private void gather(Entry first) {
    entries.clear();
    long bytes = 0;
    Entry next = first;
    while (next != null) {
      entries.add(next);
      bytes += next.bytes();
      boolean hasRoom =
          entries.size() < config.batchCommandsMax() && bytes < config.batchBytesMax();
      next = hasRoom || next.together ? queue.poll() : null;
    }
  }

  /**
   * Commits the batch, with fewer commands if it must be, and answers.
   *
   * @return false: the store closes and there is no room, so that nothing more can be applied
   */
  private boolean carryOut() throws InterruptedException {
    boolean mayGrow = space.mayGrow();
    roomIs(mayGrow);
    batch.leftAlone.batchBegins();
    while (true) {
      try {
        attempt(mayGrow);
        break;
      } catch (FaultException e) {
        metrics.storeFailures.inc();
        LOG.log(
            Level.ERROR,
            "a command could not be applied and was refused: " + e.entry.name(),
            e.getCause());
        markFaulty(e.entry);
      } catch (UnreadablePageException e) {
        metrics.storeFailures.inc();
        LOG.log(
            Level.ERROR,
            e.getMessage()
                + " cannot be reached, because a page of the store is damaged; see signalbox store"
                + " check and signalbox store repair",
            e.getCause());
        StorePublish publish = e.publish();
        if (publish != null) {
          entries.stream().filter(entry -> entry.command == publish).forEach(this::markFaulty);
        }
      } catch (NoRoomException e) {
        metrics.storeFailures.inc();
        space.ranOut();
        if (!mayGrow) {
          // Not even what makes room finds room. Nothing is lost and nobody is answered until
          // somebody frees the disk.
          if (closed) {
            LOG.log(Level.WARNING, "the disk is full and the store closes without what waits");
            refuse(Reason.CLOSED);
            return false;
          }
          Thread.sleep(RETRY_MILLIS);
        }
        mayGrow = false;
        room = false;
        refuseWhatGrows();
      }
    }
    batch.sequencesStand();
    metrics.storeBatchCommands.observe(entries.size());
    answer();
    return true;
  }

  /** With all that is stored together with it. */
  private void markFaulty(Entry entry) {
    int first = entries.indexOf(entry);
    while (first > 0 && entries.get(first - 1).together) {
      first--;
    }
    for (int i = first; i < entries.size(); i++) {
      Entry each = entries.get(i);
      each.faulty = true;
      each.failure = new StoreException(Reason.INTERNAL);
      if (!each.together) {
        return;
      }
    }
  }

  /**
   * The next attempt refuses it, though sequences were told: the last first, or somebody might get
   * the second who heard in time of the first. What makes room is tried again, unless it comes
   * behind such a one.
   */
  private void refuseWhatGrows() {
    for (int i = entries.size() - 1; i >= 0; i--) {
      Entry entry = entries.get(i);
      if (entry.command instanceof StorePublish publish
          && publish.grows()
          && !(entry.makesRoom && isFirstOfItsSubmitter(publish, i))) {
        publish.refuse();
      }
    }
  }

  /** Whether nothing is, or will be, refused before it of who submitted it. */
  private boolean isFirstOfItsSubmitter(StorePublish publish, int index) {
    Submitter submitter = publish.submitter();
    if (submitter == null) {
      return true;
    }
    for (Entry before : entries.subList(0, index)) {
      if (before.command instanceof StorePublish other
          && other.submitter() == submitter
          && other.grows()
          && !before.makesRoom) {
        return false;
      }
    }
    return true;
  }

  private void attempt(boolean mayGrow) throws FaultException, NoRoomException {
    if (onlyBarriers()) {
      return;
    }
    boolean committed = false;
    try {
      batch.begin(mayGrow, toldUpTo());
      long index = batch.state().appliedIndex;
      boolean changed = false;
      for (Entry entry : entries) {
        Command command = entry.command;
        if (command != null && entry.faulty) {
          machine.passOver(command);
        } else if (command != null) {
          changed |= apply(entry, command, ++index, mayGrow);
        }
      }
      if (!changed) {
        batch.drops.report(metrics);
        return; // to refuse takes no commit, and a full disk might not let us have one
      }
      batch.flush();
      space.used(batch.usedBytes());
      long began = clocks.nanos();
      batch.commit();
      committed = true;
      metrics.storeCommitSeconds.observeNanos(clocks.nanos() - began);
      totals = batch.state().totals();
      metrics.storeCommits.inc();
      metrics.storeCommands.add(entries.size());
      batch.drops.report(metrics);
    } catch (LmdbNativeException e) {
      throw noRoomOr(e);
    } finally {
      if (!committed) {
        batch.abort();
      }
    }
  }

  private NoRoomException noRoomOr(LmdbNativeException e) {
    if (Committer.isPerhapsNoRoom(e) && space.cutShort(bytesOfBatch(), e)) {
      return new NoRoomException(e);
    }
    return Committer.noRoomOr(e);
  }

  private long bytesOfBatch() {
    long bytes = 0;
    for (Entry entry : entries) {
      bytes += entry.bytes();
    }
    return bytes;
  }

  /** The highest sequence that was told before an aborted attempt; 0: none was. */
  private long toldUpTo() {
    long highest = 0;
    for (Entry entry : entries) {
      if (entry.command instanceof StorePublish publish) {
        highest = Math.max(highest, publish.sequence());
      }
    }
    return highest;
  }

  private boolean onlyBarriers() {
    for (Entry entry : entries) {
      if (entry.command != null && !(entry.command instanceof Barrier)) {
        return false;
      }
    }
    return true;
  }

  /**
   * @return false: it was refused and changed nothing
   */
  private boolean apply(Entry entry, Command command, long index, boolean mayGrow)
      throws FaultException {
    entry.result = null;
    entry.failure = null;
    try {
      if (isRefused(command, mayGrow)) {
        if (command instanceof StorePublish publish) {
          publish.refuse();
          batch.drops.storeFull++;
        }
        machine.passOver(command);
        entry.failure = new StoreException(Reason.STORE_FULL);
        return false;
      }
      entry.makesRoom = command.grows() && machine.makesRoom(command);
      entry.result = machine.apply(index, command);
      return true;
    } catch (StoreException refused) {
      entry.failure = refused;
      return false;
    } catch (UnreadablePageException e) {
      throw e;
    } catch (LmdbException e) {
      if (!UnreadablePageException.isOne(e)) {
        throw e;
      }
      throw new FaultException(entry, e);
    } catch (RuntimeException e) {
      throw new FaultException(entry, e);
    }
  }

  /**
   * For want of room, or because it comes behind one that was refused and comes again. A copy goes
   * with its original, whatever its submitter is told in between.
   */
  private boolean isRefused(Command command, boolean mayGrow) {
    if (command instanceof StorePublish publish) {
      StorePublish original = publish.copyOf();
      if (original != null) {
        return original.isRefused();
      }
      Submitter submitter = publish.submitter();
      if (submitter != null && submitter.isRefused()) {
        return true;
      }
    }
    if (command instanceof OpenSession open) {
      return !space.hasRoomForWills() && machine.takesRoom(open);
    }
    return !mayGrow && command.grows() && !machine.makesRoom(command);
  }

  /** The disk or the process is broken: nothing is acknowledged any more. */
  private void fail(Throwable problem) {
    failed = true;
    metrics.storeFailures.inc();
    LOG.log(
        Level.ERROR,
        UnreadablePageException.isOne(problem)
            ? "the store failed, because a page that all depends on is damaged; nothing is"
                + " acknowledged any more; see signalbox store check and signalbox store repair"
            : "the store failed; nothing is acknowledged any more",
        problem);
    refuse(Reason.FAILED);
    fatal.accept(problem);
  }

  /** Answers the batch, of which nothing was committed. */
  private void refuse(Reason reason) {
    for (Entry entry : entries) {
      entry.result = null;
      entry.failure = new StoreException(reason);
    }
    answer();
  }

  /** Answers what waits when there is no writer any more; one thread at a time. */
  private void refuseRest() {
    synchronized (queue) {
      entries.clear();
      for (Entry entry = queue.poll(); entry != null; entry = queue.poll()) {
        entry.failure =
            failed ? new StoreException(Reason.FAILED) : new StoreException(Reason.CLOSED);
        entries.add(entry);
      }
      answer();
      forRelief.call();
    }
  }

  private void settle(StorePublish publish, boolean applied) {
    RetainedListener listener = retainedListener;
    if (listener != null && publish.setRetained()) {
      boolean changed = applied && !publish.duplicate() && !publish.refusedAsAWhole();
      listener.settled(publish.message().topic(), changed);
    }
    publish.settled();
  }

  private void answer() {
    answers.clear();
    for (Entry entry : entries) {
      if (entry.command instanceof StorePublish publish) {
        settle(publish, entry.failure == null);
      }
      if (entry.completion instanceof Waiter waiter) {
        waiter.completed(entry.result, entry.failure);
      } else if (entry.completion != null) {
        answersFor(entry.completion.loop()).add(entry);
      }
    }
    for (Answers perLoop : answers) {
      Waiters.execute(perLoop.loop, perLoop);
    }
    answers.clear();
    entries.clear();
  }

  private Answers answersFor(EventLoop loop) {
    for (Answers perLoop : answers) {
      if (perLoop.loop.equals(loop)) {
        return perLoop;
      }
    }
    var perLoop = new Answers(loop);
    answers.add(perLoop);
    return perLoop;
  }

  /** A thread that waits for its command; told by the writer itself, since it has no loop. */
  private static final class Waiter implements Completion {
    private final CountDownLatch done = new CountDownLatch(1);
    private @Nullable Object result;
    private @Nullable StoreException failure;

    @Override
    public EventLoop loop() {
      throw new UnsupportedOperationException("a waiting thread has no loop");
    }

    @Override
    public void completed(@Nullable Object outcome, @Nullable StoreException refused) {
      result = outcome;
      failure = refused;
      done.countDown();
    }

    @Nullable Object await() throws StoreException, InterruptedException {
      done.await();
      if (failure != null) {
        throw failure;
      }
      return result;
    }
  }

  /** What one loop is told after one commit. */
  private static final class Answers implements Runnable {
    final EventLoop loop;
    private final List<Entry> entries = new ArrayList<>();

    Answers(EventLoop loop) {
      this.loop = loop;
    }

    void add(Entry entry) {
      entries.add(entry);
    }

    @Override
    public void run() {
      for (Entry entry : entries) {
        Completion completion = entry.completion;
        if (completion == null) {
          continue;
        }
        try {
          completion.completed(entry.result, entry.failure);
        } catch (RuntimeException e) {
          LOG.log(Level.ERROR, "handling an answer of the store failed", e);
        }
      }
    }
  }
}
