package io.signalbox.server.admin;

import com.google.gson.JsonObject;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.protocol.Refusals;
import io.signalbox.server.protocol.Refusals.Refusal;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Writes down what policies refused to clients, and the API to callers without a role, in files of
 * their own, so that no flood drives out who changed what. What is refused again within {@value
 * #GATHER_MILLIS} ms is counted in one line; beyond {@value #LINES_PER_SECOND} lines a second,
 * after a burst, the rest is only counted in a line that says so.
 */
public final class RefusalLog implements AutoCloseable {
  static final int LINES_PER_SECOND = 20;
  static final int BURST = 1_000;
  static final int GATHER_MILLIS = 100;

  private static final int WAITING_MAX = 8_192;
  private static final int TEXT_MAX = 256;
  private static final int STATUS = 0x87; // Not authorized
  private static final int STATUS_TAKE_OVER = 0x85; // Client Identifier not valid
  private static final long STOP_SECONDS = 5;

  private final AuditLog audit;
  private final Clocks clocks;
  private final BlockingQueue<Refusal> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
  private final LongAdder dropped = new LongAdder();
  private final Thread writer =
      Thread.ofPlatform().daemon().name("signalbox-refusals").unstarted(this::run);
  private volatile boolean stopping;

  /** Lines that may be written now; the writer's own. */
  private double room = BURST;

  private long filledNanos = System.nanoTime();

  /**
   * @param audit written by this log alone, and closed with it
   */
  public RefusalLog(AuditLog audit, Clocks clocks) {
    this.audit = audit;
    this.clocks = clocks;
  }

  /** Begins to write. */
  public void start() {
    writer.start();
  }

  /** Any thread; does not wait. */
  public void refused(Refusal refusal) {
    if (!waiting.offer(shortened(refusal))) {
      dropped.increment();
    }
  }

  /** A change that the API refused to somebody without the role for it. Any thread. */
  public void denied(String actor, String remote, String method, String path, String why) {
    refused(new Refusal(Refusals.Action.ADMINISTER, path, actor, remote, method, why, ""));
  }

  private void run() {
    try {
      while (!stopping) {
        Refusal first = waiting.poll(200, TimeUnit.MILLISECONDS);
        if (first != null) {
          write(first);
          TimeUnit.MILLISECONDS.sleep(GATHER_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Refusal last = waiting.poll();
    if (last != null) {
      write(last);
    }
  }

  /** Everything that waits, each different refusal once. */
  void write(Refusal first) {
    Map<Refusal, Integer> counted = new LinkedHashMap<>();
    counted.merge(first, 1, Integer::sum);
    List<Refusal> others = new ArrayList<>();
    waiting.drainTo(others);
    others.forEach(refusal -> counted.merge(refusal, 1, Integer::sum));
    if (audit.obstacle() != null) { // told already
      counted.values().forEach(dropped::add);
      return;
    }
    refill();
    List<JsonObject> lines = new ArrayList<>();
    String at = Views.time(clocks.wallMillis());
    counted.forEach(
        (refusal, count) -> {
          if (room >= 1) {
            room--;
            lines.add(line(at, refusal, count));
          } else {
            dropped.add(count);
          }
        });
    long lost = room >= 1 ? dropped.sumThenReset() : 0;
    if (lost > 0) {
      room--;
      var line = new JsonObject();
      line.addProperty("at", at);
      line.addProperty("actor", "signalbox");
      line.addProperty(
          "detail", lost + " more refusals were not written down, there were too many");
      lines.add(line);
    }
    if (!lines.isEmpty()) {
      audit.append(lines);
    }
  }

  private void refill() {
    long now = System.nanoTime();
    room = Math.min(BURST, room + (now - filledNanos) * 1e-9 * LINES_PER_SECOND);
    filledNanos = now;
  }

  private static JsonObject line(String at, Refusal refusal, int count) {
    var line = new JsonObject();
    line.addProperty("at", at);
    line.addProperty("actor", refusal.principal());
    line.addProperty("remote", refusal.remote());
    if (refusal.action() == Refusals.Action.ADMINISTER) {
      line.addProperty("method", refusal.topic());
      line.addProperty("path", refusal.clientId());
    } else {
      line.addProperty("method", refusal.action().name());
      line.addProperty("path", "/clients/" + refusal.clientId());
    }
    switch (refusal.action()) {
      case UNRESOLVED -> {} // nothing was refused
      case TAKE_OVER -> line.addProperty("status", STATUS_TAKE_OVER);
      case CONNECT, WILL, PUBLISH, SUBSCRIBE, RECEIVE -> line.addProperty("status", STATUS);
      case ADMINISTER -> line.addProperty("status", StatusCodes.FORBIDDEN);
    }
    if (!refusal.topic().isEmpty() && refusal.action() != Refusals.Action.ADMINISTER) {
      line.addProperty("topic", refusal.topic());
    }
    line.addProperty("detail", refusal.rule());
    line.addProperty("bundle", refusal.bundle());
    line.addProperty("count", count);
    return line;
  }

  /** What waits must not hold the whole of what clients sent. */
  private static Refusal shortened(Refusal refusal) {
    return new Refusal(
        refusal.action(),
        shortened(refusal.clientId()),
        shortened(refusal.principal()),
        refusal.remote(),
        shortened(refusal.topic()),
        refusal.rule(),
        refusal.bundle());
  }

  private static String shortened(String text) {
    return text.length() > TEXT_MAX ? text.substring(0, TEXT_MAX) + "..." : text;
  }

  @Override
  public void close() throws IOException {
    stopping = true;
    try {
      writer.join(TimeUnit.SECONDS.toMillis(STOP_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    audit.close();
  }
}
