package io.signalbox.server.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import io.signalbox.server.Behaviour;
import io.signalbox.server.auth.CompactTokenFuzz;
import io.signalbox.server.codec.PacketDecoderFuzz;
import io.signalbox.server.config.ConfigReaderFuzz;
import io.signalbox.server.scram.ScramFuzz;
import io.signalbox.server.scram.UsersFileFuzz;
import io.signalbox.server.topic.TopicFuzz;
import io.signalbox.server.transport.ProxyHeaderFuzz;
import io.signalbox.server.transport.WebSocketDecoderFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The fuzz targets for a moment: every seed in the tree, then so many damaged ones, the same in
 * each build. {@code build-tools/fuzz} runs them for as long as one likes, led by coverage.
 */
@Behaviour(297)
final class FuzzTargetsTest {
  private static final Path SEEDS = Path.of("src", "test", "fuzz");

  @FunctionalInterface
  private interface Code {
    void run(byte[] data) throws Exception;
  }

  /**
   * @param folder of its seeds
   * @param runs how many damaged seeds take less than a second
   */
  record Target(String folder, int runs, Code code) {
    @Override
    public String toString() {
      return folder;
    }
  }

  static List<Target> targets() {
    return List.of(
        new Target("packet-decoder", 5_000, PacketDecoderFuzz::fuzzerTestOneInput),
        new Target("web-socket-decoder", 5_000, WebSocketDecoderFuzz::fuzzerTestOneInput),
        new Target("proxy-header", 20_000, ProxyHeaderFuzz::fuzzerTestOneInput),
        new Target("topic", 20_000, TopicFuzz::fuzzerTestOneInput),
        new Target("config-reader", 1_000, ConfigReaderFuzz::fuzzerTestOneInput),
        new Target("compact-token", 10_000, CompactTokenFuzz::fuzzerTestOneInput),
        new Target("scram", 10_000, ScramFuzz::fuzzerTestOneInput),
        new Target("users-file", 5_000, UsersFileFuzz::fuzzerTestOneInput),
        new Target("policy", 1_000, PolicyFuzz::fuzzerTestOneInput),
        new Target("signing-request", 1_000, SigningRequestFuzz::fuzzerTestOneInput));
  }

  @ParameterizedTest
  @MethodSource("targets")
  void takesEverySeedAndManyDamagedOnes(Target target) throws Exception {
    List<byte[]> seeds = seeds(target);
    for (byte[] seed : seeds) {
      run(target, seed);
    }
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(20_261_128);
    var mutations = new Mutations(seeds, words(target), random);
    for (int i = 0; i < target.runs; i++) {
      run(target, mutations.next());
    }
  }

  private static void run(Target target, byte[] data) {
    try {
      target.code.run(data.clone());
    } catch (Exception | AssertionError e) {
      fail("put this into a seed file: " + HexFormat.of().formatHex(data), e);
    }
  }

  private static List<byte[]> seeds(Target target) throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    try (Stream<Path> files = Files.list(SEEDS.resolve(target.folder))) {
      for (Path file : files.sorted().toList()) {
        seeds.add(Files.readAllBytes(file));
      }
    }
    assertFalse(seeds.isEmpty());
    return seeds;
  }

  /** The dictionary, one word a line in quotes, as fuzzers read it. */
  private static List<String> words(Target target) throws IOException {
    Path file = SEEDS.resolve(target.folder + ".dict");
    return Files.exists(file)
        ? Files.readAllLines(file).stream()
            .filter(line -> line.startsWith("\""))
            .map(line -> line.substring(1, line.length() - 1))
            .toList()
        : List.of();
  }
}
