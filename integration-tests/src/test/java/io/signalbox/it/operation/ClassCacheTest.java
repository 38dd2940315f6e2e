package io.signalbox.it.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Launch;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code serve --train} records is what a start and its first client need. */
final class ClassCacheTest {
  private static final Pattern OURS =
      Pattern.compile(
          "(io\\.signalbox\\.server\\.(?:transport|codec|packet|protocol)\\.\\S+) source: (.*)");

  @Test
  void theFirstClientIsLetInByClassesOfTheCache(@TempDir Path folder) throws Exception {
    Path loaded = folder.resolve("loaded.log");
    List<String> options = new ArrayList<>(Launch.DEFAULT.quick().jvmOptions());
    assertTrue(options.stream().anyMatch(option -> option.startsWith("-XX:AOTCache=")), "recorded");
    options.add("-Xlog:class+load:file=" + loaded + ":none:filecount=0");
    Launch launch = new Launch(options, Launch.DEFAULT.environment());
    BrokerConfig config = BrokerConfig.allowingAll().listener(Transport.TCP, true, "none");
    try (var broker = BrokerUnderTest.start("class-cache", config, launch);
        Peer client =
            new Peer(RawClient.open(broker.endpoint(Transport.TCP), Version.V5), "first")) {
      client.connect();
      List<String> fromJar = new ArrayList<>();
      int cached = 0;
      for (String line : Files.readAllLines(loaded)) {
        var found = OURS.matcher(line);
        if (found.matches() && found.group(2).startsWith("shared objects file")) {
          cached++;
        } else if (found.matches() && !found.group(1).contains("$$")) { // made by the JDK
          fromJar.add(found.group(1));
        }
      }
      assertEquals(List.of(), fromJar);
      assertTrue(cached > 100, cached + " from the cache");
    }
  }
}
