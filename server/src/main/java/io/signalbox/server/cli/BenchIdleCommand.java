package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.Idle;
import io.signalbox.server.bench.client.ClientException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures connections that do nothing. */
@Command(
    name = "idle",
    description = "Hold idle connections and tell what each costs the broker's memory.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox bench idle --url mqtt://localhost:1883 --clients 10000 --hold 10s --pid $$(pidof"
          + " mosquitto)",
      "  signalbox bench idle --clients 50000 --lasting --connecting 1000 --source-addresses 4",
    },
    sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class BenchIdleCommand implements Callable<Integer> {
  private static final Pattern USED = Pattern.compile("used (\\d+)K");

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Connections (default: ${DEFAULT-VALUE}).")
  private int clients;

  @Option(
      names = "--hold",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = BenchTimeConverter.class,
      description = "How long they stay before memory is read (default: ${DEFAULT-VALUE}).")
  private Duration hold;

  @Option(
      names = "--lasting",
      description =
          "Clients whose sessions outlive their connections; run again, it finds them at the"
              + " broker.")
  private boolean lasting;

  @Option(
      names = "--collect-garbage",
      description =
          "Have a Java broker collect its garbage and give free memory back before its memory is"
              + " read, and tell what is left on its heap (with jcmd).")
  private boolean collectsGarbage;

  @Mixin private BenchTargetOptions target;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws CommandFailure, PkiException {
    return BenchMeasurement.run(
        target,
        spec,
        broker -> Idle.measure(broker, clients, lasting, hold, () -> heapBytes(broker.pids())));
  }

  private OptionalLong heapBytes(List<Long> pids) throws ClientException, IOException {
    if (!collectsGarbage) {
      return OptionalLong.empty();
    }
    long used = 0;
    for (long pid : pids) {
      jcmd(pid, "GC.run");
      trimNativeHeap(pid);
      // One line for each part of the heap, the class data after them.
      Matcher parts =
          USED.matcher(jcmd(pid, "GC.heap_info").replaceFirst("(?s)\\bMetaspace\\b.*", ""));
      while (parts.find()) {
        used += Long.parseLong(parts.group(1)) * 1024;
      }
    }
    return OptionalLong.of(used);
  }

  /** What the C library keeps of freed memory; as the start script has a broker do each minute. */
  private static void trimNativeHeap(long pid) throws IOException {
    try {
      jcmd(pid, "System.trim_native_heap");
    } catch (ClientException e) {
      // before Java 18, or not with this C library
    }
  }

  private static String jcmd(long pid, String command) throws ClientException, IOException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    Process process =
        new ProcessBuilder(jcmd, Long.toString(pid), command).redirectErrorStream(true).start();
    String answer;
    try (var out = process.getInputStream()) {
      answer = new String(out.readAllBytes(), StandardCharsets.UTF_8);
    }
    try {
      if (process.waitFor() != 0) {
        throw new ClientException("jcmd cannot reach process " + pid + "; is it a Java broker?");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClientException("interrupted while jcmd was running");
    }
    return answer;
  }
}
