package io.signalbox.server.store;

/** A thread of the store, which closing waits for. */
final class StoreThread extends Thread {

  /**
   * @param name behind {@code signalbox-store-}
   */
  StoreThread(String name, Runnable work) {
    super(work, "signalbox-store-" + name);
  }

  /** Returns when the thread has ended; an interrupt is kept for the caller to see. */
  void awaitEnd() {
    boolean interrupted = false;
    while (true) {
      try {
        join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
