package io.signalbox.server.transport;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.xnio.XnioIoThread;
import org.xnio.XnioWorker;

/**
 * Counts the connections that the system does not hand over, as when no more files can be opened,
 * and says so once in a while. XNIO then leaves them in the system's queue and tries again after a
 * pause of a quarter of a second, four times as long after each further failure, at most 30
 * seconds; it tells nobody but its log, with a line each time. That line is taken here. Any thread.
 */
final class FailedAccepts implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(FailedAccepts.class.getName());

  /** Kept here, for the log manager would forget it together with its filter. */
  private static final Logger XNIO = Logger.getLogger("org.xnio.nio");

  private static final String ACCEPT_FAILED = "XNIO008001:";
  private static final List<FailedAccepts> ALL = new CopyOnWriteArrayList<>();

  static {
    XNIO.setFilter(FailedAccepts::isForTheLog);
  }

  private final XnioWorker worker;
  private final Clocks clocks;
  private final Metrics metrics;
  private final Notice notice = new Notice();

  private FailedAccepts(XnioWorker worker, Clocks clocks, Metrics metrics) {
    this.worker = worker;
    this.clocks = clocks;
    this.metrics = metrics;
  }

  /** Takes note of failures on the threads of this worker until it is closed. */
  static FailedAccepts of(XnioWorker worker, Clocks clocks, Metrics metrics) {
    var failedAccepts = new FailedAccepts(worker, clocks, metrics);
    ALL.add(failedAccepts);
    return failedAccepts;
  }

  private static boolean isForTheLog(LogRecord line) {
    if (line.getMessage() == null || !line.getMessage().startsWith(ACCEPT_FAILED)) {
      return true;
    }
    boolean isOurs = false;
    for (FailedAccepts one : ALL) {
      if (Thread.currentThread() instanceof XnioIoThread thread
          && thread.getWorker().equals(one.worker)) {
        one.failed(line.getMessage());
        isOurs = true;
      }
    }
    return !isOurs;
  }

  private void failed(String line) {
    metrics.acceptsFailed.inc();
    notice
        .at(clocks.nanos())
        .ifPresent(
            count ->
                LOG.log(
                    Level.WARNING,
                    "connections wait, the system does not hand them over: {0}; {1} failed since"
                        + " this was last said, the next attempt is within 30 s",
                    line.substring(line.lastIndexOf(": ") + 2),
                    Long.toString(count)));
  }

  @Override
  public void close() {
    ALL.remove(this);
  }
}
