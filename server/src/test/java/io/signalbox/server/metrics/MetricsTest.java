package io.signalbox.server.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class MetricsTest {
  private static final Pattern NAME = Pattern.compile("\\bsignalbox_[a-z0-9_]+");

  private final Metrics metrics = new Metrics(2, "1.2.3");

  @Test
  void sumsWhatEveryThreadCounted() {
    metrics.bytesReceived.add(0, 10);
    metrics.bytesReceived.add(1, 20);
    metrics.bytesReceived.add(5);
    metrics.connectionsOpen.add(0, 2);
    metrics.connectionsOpen.add(1, -1);
    metrics.retainedMessages.from(() -> 7);
    assertEquals(35, metrics.bytesReceived.value());
    assertEquals(1, metrics.connectionsOpen.value());
    assertEquals(7, metrics.retainedMessages.value());
  }

  @Test
  void losesNothingWhenEachThreadCountsInItsOwnRow() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int loop = i;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int n = 0; n < 100_000; n++) {
                      metrics.publishReceived.inc(n % 3, loop);
                      metrics.malformedPackets.inc();
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(
        200_000,
        metrics.publishReceived.of(0).value()
            + metrics.publishReceived.of(1).value()
            + metrics.publishReceived.of(2).value());
    assertEquals(200_000, metrics.malformedPackets.value());
  }

  /** What people put into their alarms. */
  @Test
  void everyMetricThatTheDocumentsNameIsOne() throws Exception {
    String text = text();
    Set<String> wrong = new TreeSet<>();
    int found = 0;
    for (String folder : List.of("..", "../docs", "../docs/adr", "../acl-policies", "../config")) {
      try (Stream<Path> files = Files.list(Path.of(folder))) {
        for (Path file : files.filter(MetricsTest::isDocument).toList()) {
          Matcher name = NAME.matcher(Files.readString(file));
          while (name.find()) {
            found++;
            if (!text.contains("\n" + name.group() + "{")
                && !text.contains("\n" + name.group() + " ")) {
              wrong.add(file + ": " + name.group());
            }
          }
        }
      }
    }
    assertEquals(Set.of(), wrong);
    assertTrue(found > 40, "found only " + found);
  }

  /** The changelog tells of earlier names, and of Terraform's. */
  private static boolean isDocument(Path file) {
    String name = file.getFileName().toString();
    return name.matches(".*\\.(md|yaml)") && !name.equals("CHANGELOG.md");
  }

  @Test
  void writesTheTextThatPrometheusReads() throws Exception {
    metrics.publishReceived.inc(1, 0);
    metrics.messagesDropped.inc(Metrics.Drop.SESSION_QUEUE_FULL, 1);
    metrics.storeBatchCommands.observe(3);
    metrics.storeBatchCommands.observe(5_000);
    String text = text();
    assertContains(
        text, "# HELP signalbox_publishes_received_total PUBLISH packets accepted from clients\n");
    assertContains(text, "# TYPE signalbox_publishes_received_total counter\n");
    assertContains(text, "signalbox_publishes_received_total{qos=\"1\"} 1.0\n");
    assertContains(text, "signalbox_messages_dropped_total{reason=\"session_queue_full\"} 1.0\n");
    assertContains(text, "signalbox_store_batch_commands_bucket{le=\"1.0\"} 0\n");
    assertContains(text, "signalbox_store_batch_commands_bucket{le=\"4.0\"} 1\n");
    assertContains(text, "signalbox_store_batch_commands_bucket{le=\"+Inf\"} 2\n");
    assertContains(text, "signalbox_store_batch_commands_sum 5003.0\n");
    assertContains(text, "signalbox_build_info{version=\"1.2.3\"} 1\n");
    assertTrue(
        text.lines()
            .anyMatch(
                line ->
                    line.matches(
                        "signalbox_process_cpu_seconds_total"
                            + " [1-9].*|signalbox_process_cpu_seconds_total 0\\.\\d*[1-9].*")));
  }

  @Test
  void everyMetricHasItsOwnNameAndAHelp() {
    Set<String> names = new TreeSet<>();
    for (MetricSnapshot snapshot : metrics.collect()) {
      assertTrue(
          names.add(snapshot.getMetadata().getPrometheusName()),
          () -> "twice: " + snapshot.getMetadata().getName());
      assertTrue(snapshot.getMetadata().getPrometheusName().startsWith("signalbox_"));
      assertFalse(String.valueOf(snapshot.getMetadata().getHelp()).isBlank());
    }
    assertTrue(names.size() > 60);
    new PrometheusRegistry().register(metrics); // refuses what could not be told apart when read
  }

  @Test
  void aNumberThatTheProtocolLacksIsRefused() {
    assertThrows(IndexOutOfBoundsException.class, () -> metrics.publishReceived.of(3));
  }

  private String text() throws Exception {
    var out = new ByteArrayOutputStream();
    PrometheusTextFormatWriter.create().write(out, metrics.collect());
    return out.toString(StandardCharsets.UTF_8);
  }

  private static void assertContains(String text, String part) {
    assertTrue(text.contains(part), () -> "missing: " + part + "in:\n" + text);
  }
}
