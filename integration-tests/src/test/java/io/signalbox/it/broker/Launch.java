package io.signalbox.it.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How the broker's process is started.
 *
 * @param jvmOptions before {@code -jar}
 * @param environment on top of ours
 */
public record Launch(List<String> jvmOptions, Map<String, String> environment) {
  public static final Launch DEFAULT =
      new Launch(List.of("-Xmx512m", "-XX:+UseSerialGC", "-ea:io.signalbox..."), Map.of());

  public Launch {
    jvmOptions = List.copyOf(jvmOptions);
    environment = Map.copyOf(environment);
  }

  /**
   * Starts in about half the time, with a class cache as the start script makes one. It takes a
   * start to record, so it is for who starts often.
   */
  public Launch withClassCache() {
    var options = new ArrayList<>(jvmOptions);
    options.add("-XX:AOTCache=" + ClassCache.FILE);
    return new Launch(options, environment);
  }

  public Launch with(String variable, String value) {
    var more = new HashMap<>(environment);
    more.put(variable, value);
    return new Launch(jvmOptions, more);
  }

  private static final class ClassCache {
    static final Path FILE = record();

    private static Path record() {
      try {
        Path cache = Path.of("target", "broker.aot").toAbsolutePath();
        Path jar = CommandLine.jar();
        if (Files.exists(cache)
            && Files.getLastModifiedTime(cache).compareTo(Files.getLastModifiedTime(jar)) > 0) {
          return cache;
        }
        Path scratch = Files.createTempDirectory(Objects.requireNonNull(cache.getParent()), "aot");
        CommandLine.run(
                CommandLine.words(
                    List.of("-XX:+UseSerialGC", "-XX:AOTCacheOutput=" + scratch.resolve("cache")),
                    "serve",
                    "--train",
                    "--data",
                    scratch.resolve("data").toString()))
            .expectSuccess();
        return Files.move(scratch.resolve("cache"), cache, StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
