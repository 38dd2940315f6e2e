package io.signalbox.server.registry;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.store.Completion;
import io.signalbox.server.store.StoreException;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Waits for a command. What the change does to memory happens on the store's own thread, in the
 * order of commits, before anybody is told that it is durable.
 */
final class PendingWrite implements Completion {
  private final CountDownLatch done = new CountDownLatch(1);
  private final Consumer<@Nullable Object> apply;
  private final Runnable takeBack;
  private volatile @Nullable StoreException failure;
  private volatile @Nullable RuntimeException fault;

  /**
   * @param apply given the command's result if it was carried out
   */
  PendingWrite(Consumer<@Nullable Object> apply) {
    this(apply, () -> {});
  }

  /**
   * @param apply given the command's result if it was carried out
   * @param takeBack run if it was refused, before anybody is told; maybe on the submitter's thread
   */
  PendingWrite(Consumer<@Nullable Object> apply, Runnable takeBack) {
    this.apply = apply;
    this.takeBack = takeBack;
  }

  @Override
  public EventLoop loop() {
    return InPlace.INSTANCE;
  }

  @Override
  public void completed(@Nullable Object result, @Nullable StoreException refused) {
    failure = refused;
    try {
      if (refused == null) {
        apply.accept(result);
      } else {
        takeBack.run();
      }
    } catch (RuntimeException e) {
      fault = e;
    } finally {
      done.countDown();
    }
  }

  /**
   * @throws StoreException the command was refused
   */
  void await() throws StoreException, InterruptedException {
    done.await();
    StoreException refused = failure;
    if (refused != null) {
      throw refused;
    }
    RuntimeException thrown = fault;
    if (thrown != null) {
      throw new IllegalStateException("a change is stored but not in force, restart", thrown);
    }
  }

  /** Runs what it is given on the thread that gives it. */
  private static final class InPlace implements EventLoop {
    static final InPlace INSTANCE = new InPlace();

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public int index() {
      throw notALoop();
    }

    @Override
    public boolean isCurrent() {
      throw notALoop();
    }

    @Override
    public void runAtEndOfPass(Runnable task) {
      throw notALoop();
    }

    @Override
    public Timer schedule(long delayMillis, Runnable task) {
      throw notALoop();
    }

    @Override
    public long nowMillis() {
      throw notALoop();
    }

    @Override
    public boolean congested() {
      throw notALoop();
    }

    @Override
    public MemoryShare memory() {
      throw notALoop();
    }

    private static UnsupportedOperationException notALoop() {
      return new UnsupportedOperationException("tasks run in place");
    }
  }
}
