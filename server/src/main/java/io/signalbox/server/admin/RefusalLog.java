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

  private static final int NO_STATUS = 0;

  /** A line without its time. */
  record Line(
      String actor,
      String remote,
      String method,
      String path,
      int status,
      String topic,
      String detail,
      String bundle) {

    JsonObject toJson(String at, int count) {
      var line = new JsonObject();
      line.addProperty("at", at);
      line.addProperty("actor", actor);
      line.addProperty("remote", remote);
      line.addProperty("method", method);
      line.addProperty("path", path);
      if (status != NO_STATUS) {
        line.addProperty("status", status);
      }
      if (!topic.isEmpty()) {
        line.addProperty("topic", topic);
      }
      line.addProperty("detail", detail);
      line.addProperty("bundle", bundle);
      line.addProperty("count", count);
      return line;
    }
  }

  private final AuditLog audit;
  private final Clocks clocks;
  private final BlockingQueue<Line> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
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

  /** What a policy refused to a client. Any thread; does not wait. */
  public void refused(Refusal refusal) {
    put(line(refusal));
  }

  static Line line(Refusal refusal) {
    return new Line(
        shortened(refusal.principal()),
        refusal.remote(),
        refusal.action().name(),
        "/clients/" + shortened(refusal.clientId()),
        status(refusal.action()),
        shortened(refusal.topic()),
        refusal.rule(),
        refusal.bundle());
  }

  private static int status(Refusals.Action action) {
    return switch (action) {
      case UNRESOLVED -> NO_STATUS; // nothing was refused
      case TAKE_OVER -> STATUS_TAKE_OVER;
      case CONNECT, WILL, PUBLISH, SUBSCRIBE, RECEIVE -> STATUS;
    };
  }

  /**
   * A change that the API refused to somebody without the role for it. Any thread; does not wait.
   */
  public void denied(String actor, String remote, String method, String path, String why) {
    put(
        new Line(
            shortened(actor), remote, method, shortened(path), StatusCodes.FORBIDDEN, "", why, ""));
  }

  private void put(Line line) {
    if (!waiting.offer(line)) {
      dropped.increment();
    }
  }

  private void run() {
    try {
      while (!stopping) {
        Line first = waiting.poll(200, TimeUnit.MILLISECONDS);
        if (first != null) {
          write(first);
          TimeUnit.MILLISECONDS.sleep(GATHER_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Line last = waiting.poll();
    if (last != null) {
      write(last);
    }
  }

  /** Everything that waits, each different refusal once. */
  void write(Line first) {
    Map<Line, Integer> counted = new LinkedHashMap<>();
    counted.merge(first, 1, Integer::sum);
    List<Line> others = new ArrayList<>();
    waiting.drainTo(others);
    others.forEach(line -> counted.merge(line, 1, Integer::sum));
    if (audit.obstacle() != null) { // told already
      counted.values().forEach(dropped::add);
      return;
    }
    refill();
    List<JsonObject> lines = new ArrayList<>();
    String at = Views.time(clocks.wallMillis());
    counted.forEach(
        (line, count) -> {
          if (room >= 1) {
            room--;
            lines.add(line.toJson(at, count));
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

  /** What waits must not hold the whole of what clients sent. */
  static String shortened(String text) {
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
