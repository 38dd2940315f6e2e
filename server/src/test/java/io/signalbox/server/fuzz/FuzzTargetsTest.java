package io.signalbox.server.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

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
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The fuzz targets for a moment: every seed in the tree, then so many damaged ones, the same in
 * each build. {@code build-tools/fuzz} runs them for as long as one likes, led by coverage.
 */
final class FuzzTargetsTest {
  private static final Path SEEDS = Path.of("src", "test", "fuzz");

  @FunctionalInterface
  private interface Code {
    void run(byte[] data) throws Exception;
  }

  /** Each target, and how many damaged seeds take about a second. */
  enum Target {
    PACKET_DECODER(PacketDecoderFuzz::fuzzerTestOneInput, 20_000),
    WEB_SOCKET_DECODER(WebSocketDecoderFuzz::fuzzerTestOneInput, 20_000),
    PROXY_HEADER(ProxyHeaderFuzz::fuzzerTestOneInput, 50_000),
    TOPIC(TopicFuzz::fuzzerTestOneInput, 50_000),
    CONFIG_READER(ConfigReaderFuzz::fuzzerTestOneInput, 2_000),
    COMPACT_TOKEN(CompactTokenFuzz::fuzzerTestOneInput, 20_000),
    SCRAM(ScramFuzz::fuzzerTestOneInput, 20_000),
    USERS_FILE(UsersFileFuzz::fuzzerTestOneInput, 20_000),
    POLICY(PolicyFuzz::fuzzerTestOneInput, 2_000),
    SIGNING_REQUEST(SigningRequestFuzz::fuzzerTestOneInput, 2_000);

    private final Code code;
    private final int runs;

    Target(Code code, int runs) {
      this.code = code;
      this.runs = runs;
    }

    /** Folder of its seeds. */
    String folder() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @ParameterizedTest
  @EnumSource
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
    try (Stream<Path> files = Files.list(SEEDS.resolve(target.folder()))) {
      for (Path file : files.sorted().toList()) {
        seeds.add(Files.readAllBytes(file));
      }
    }
    assertFalse(seeds.isEmpty());
    return seeds;
  }

  /** The dictionary, one word a line in quotes, as fuzzers read it. */
  private static List<String> words(Target target) throws IOException {
    Path file = SEEDS.resolve(target.folder() + ".dict");
    return Files.exists(file)
        ? Files.readAllLines(file).stream()
            .filter(line -> line.startsWith("\""))
            .map(line -> line.substring(1, line.length() - 1))
            .toList()
        : List.of();
  }
}
