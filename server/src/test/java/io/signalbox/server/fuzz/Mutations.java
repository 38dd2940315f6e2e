package io.signalbox.server.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Damages seeds in the ways that find most: bits, lengths, pieces moved, words of the format. */
final class Mutations {
  private static final int BYTES_MAX = 2_048;

  private final List<byte[]> seeds;
  private final List<byte[]> words;
  private final RandomGenerator random;

  /**
   * @param words of the format, put in here and there; may be empty
   */
  Mutations(List<byte[]> seeds, List<String> words, RandomGenerator random) {
    this.seeds = List.copyOf(seeds);
    this.words = words.stream().map(word -> word.getBytes(StandardCharsets.UTF_8)).toList();
    this.random = random;
  }

  byte[] next() {
    byte[] data = anySeed().clone();
    for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
      data = changed(data);
    }
    return data.length > BYTES_MAX ? Arrays.copyOf(data, BYTES_MAX) : data;
  }

  private byte[] anySeed() {
    return seeds.get(random.nextInt(seeds.size()));
  }

  private byte[] changed(byte[] data) {
    int at = random.nextInt(data.length + 1);
    int end = Math.min(data.length, at + random.nextInt(16));
    return switch (random.nextInt(8)) {
      case 0 -> with(data, at, (byte) random.nextInt());
      case 1 -> with(data, at, (byte) (at < data.length ? data[at] ^ (1 << random.nextInt(8)) : 0));
      case 2 -> with(data, at, INTERESTING[random.nextInt(INTERESTING.length)]);
      case 3 -> spliced(data, at, end, new byte[0]);
      case 4 -> spliced(data, at, at, Arrays.copyOfRange(data, at, end));
      case 5 -> spliced(data, at, at, piece(anySeed()));
      case 6 -> spliced(data, at, end, piece(anySeed()));
      default -> spliced(data, at, at, word());
    };
  }

  private static final byte[] INTERESTING = {0, 1, 2, 4, 16, 32, 64, 127, -128, -1, '\n', '"', '/'};

  private static byte[] with(byte[] data, int at, byte value) {
    if (at < data.length) {
      data[at] = value;
    }
    return data;
  }

  private byte[] piece(byte[] seed) {
    int from = random.nextInt(seed.length + 1);
    return Arrays.copyOfRange(seed, from, from + random.nextInt(seed.length - from + 1));
  }

  private byte[] word() {
    return words.isEmpty() ? new byte[1] : words.get(random.nextInt(words.size()));
  }

  private static byte[] spliced(byte[] data, int from, int to, byte[] middle) {
    byte[] joined = Arrays.copyOf(data, from + middle.length + data.length - to);
    System.arraycopy(middle, 0, joined, from, middle.length);
    System.arraycopy(data, to, joined, from + middle.length, data.length - to);
    return joined;
  }
}
