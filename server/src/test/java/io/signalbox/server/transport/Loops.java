package io.signalbox.server.transport;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Looks into a loop from outside. */
final class Loops {
  private Loops() {}

  static <T> T call(IoLoops loops, int index, Function<XnioEventLoop, T> question)
      throws Exception {
    CompletableFuture<T> answer = new CompletableFuture<>();
    XnioEventLoop loop = loops.loop(index);
    loop.execute(
        () -> {
          try {
            answer.complete(question.apply(loop));
          } catch (Throwable t) {
            answer.completeExceptionally(t);
          }
        });
    return answer.get(60, TimeUnit.SECONDS);
  }
}
