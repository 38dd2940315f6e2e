package io.signalbox.server.session;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.store.Completion;
import io.signalbox.server.store.StoreException;
import org.jspecify.annotations.Nullable;

/** A completion of the store that runs one of two actions on an I/O thread. */
public record OnLoop(EventLoop loop, Success success, Failure failure) implements Completion {
  /** The command is applied and on disk. */
  @FunctionalInterface
  public interface Success {
    void committed(@Nullable Object result);
  }

  /** The command changed nothing, or nobody can say whether it did. */
  @FunctionalInterface
  public interface Failure {
    void failed(StoreException problem);
  }

  @Override
  public void completed(@Nullable Object result, @Nullable StoreException problem) {
    if (problem == null) {
      success.committed(result);
    } else {
      failure.failed(problem);
    }
  }
}
