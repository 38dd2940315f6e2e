package io.signalbox.it.broker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What a process prints, kept in memory and in a file; safe for any thread. */
final class Log {
  private final List<String> lines = new ArrayList<>();

  /** Processes that still print. */
  private int sources;

  /** Starts to read in a thread of its own, which ends with the stream. */
  void follow(InputStream stream, Path file) {
    begin();
    Thread.ofPlatform().daemon().name("log " + file.getFileName()).start(() -> read(stream, file));
  }

  private void read(InputStream stream, Path file) {
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
        var copy =
            new PrintWriter(
                Files.newBufferedWriter(
                    file, StandardOpenOption.CREATE, StandardOpenOption.APPEND))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        copy.println(line);
        copy.flush();
        add(line);
      }
    } catch (IOException e) {
      add("log ended: " + e);
    } finally {
      end();
    }
  }

  private synchronized void add(String line) {
    lines.add(line);
    notifyAll();
  }

  private synchronized void begin() {
    sources++;
  }

  private synchronized void end() {
    sources--;
    notifyAll();
  }

  /**
   * Waits until everything that ended processes had printed is here; false when it is not in time.
   */
  synchronized boolean awaitEnd(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (sources > 0) {
      long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
      if (leftMillis <= 0) {
        return false;
      }
      wait(leftMillis);
    }
    return true;
  }

  synchronized int size() {
    return lines.size();
  }

  synchronized List<String> linesFrom(int first) {
    return List.copyOf(lines.subList(first, lines.size()));
  }

  /**
   * The first line from number {@code first} on that the predicate takes.
   *
   * @throws AssertionError when none came in time or the process ended without one
   */
  synchronized String await(int first, Predicate<String> wanted, String what, Duration timeout)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    for (int at = first; ; ) {
      for (; at < lines.size(); at++) {
        if (wanted.test(lines.get(at))) {
          return lines.get(at);
        }
      }
      long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
      boolean ended = sources == 0;
      if (ended || leftMillis <= 0) {
        int shown = Math.max(first, lines.size() - 60);
        throw new AssertionError(
            "no log line with "
                + what
                + (ended ? ", the process has ended:\n" : " in time:\n")
                + String.join("\n", lines.subList(shown, lines.size())));
      }
      wait(leftMillis);
    }
  }
}
