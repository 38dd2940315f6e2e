package io.signalbox.pki;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One block of a PEM text (RFC 7468): its label and the bytes between the BEGIN and END lines.
 *
 * @param line number of the BEGIN line, from 1
 */
record PemBlock(String label, byte[] der, int line) {
  static final int TEXT_CHARS_MAX = 1 << 20;

  static final String BEGIN = "-----BEGIN ";
  private static final String END = "-----END ";
  private static final String DASHES = "-----";

  /**
   * All blocks of a text; text between blocks is skipped, as OpenSSL writes some.
   *
   * @param where the text's origin for messages, usually a file
   */
  static List<PemBlock> parse(String text, String where) throws PkiException {
    return parse(text, where, TEXT_CHARS_MAX);
  }

  /** As {@link #parse(String, String)}, with another limit. */
  static List<PemBlock> parse(String text, String where, int charsMax) throws PkiException {
    if (text.length() > charsMax) {
      throw new PkiException(
          where + " has " + text.length() + " characters, more than the limit of " + charsMax);
    }
    List<PemBlock> blocks = new ArrayList<>();
    StringBuilder body = new StringBuilder();
    @Nullable String label = null;
    int begin = 0;
    int number = 0;
    for (String raw : (Iterable<String>) text.lines()::iterator) {
      String line = raw.strip();
      number++;
      if (line.startsWith(BEGIN) && line.endsWith(DASHES)) {
        if (label != null) {
          throw truncated(where, label, begin);
        }
        label = line.substring(BEGIN.length(), line.length() - DASHES.length());
        begin = number;
        body.setLength(0);
      } else if (label != null && line.equals(END + label + DASHES)) {
        blocks.add(new PemBlock(label, decode(body, label, begin, where), begin));
        label = null;
      } else if (label != null) {
        body.append(line);
      }
    }
    if (label != null) {
      throw truncated(where, label, begin);
    }
    if (blocks.isEmpty()) {
      throw new PkiException(
          where
              + " holds no PEM block: expected a line \"-----BEGIN ...-----\"; turn a binary (DER)"
              + " file into PEM with openssl first");
    }
    return blocks;
  }

  /** The text of one block, lines of 64 characters, with a line end after the last. */
  static String encode(String label, byte[] der) {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return BEGIN + label + DASHES + "\n" + base64 + "\n" + END + label + DASHES + "\n";
  }

  private static byte[] decode(StringBuilder body, String label, int line, String where)
      throws PkiException {
    if (body.indexOf("Proc-Type:") >= 0) {
      throw new PkiException(
          where
              + " line "
              + line
              + ": the block \""
              + label
              + "\" is encrypted in OpenSSL's old format; convert it with: openssl pkcs8 -topk8");
    }
    try {
      return Base64.getDecoder().decode(body.toString());
    } catch (IllegalArgumentException e) {
      throw new PkiException(
          where
              + " line "
              + line
              + ": the block \""
              + label
              + "\" is not valid base64; copy the file again",
          e);
    }
  }

  private static PkiException truncated(String where, String label, int line) {
    return new PkiException(
        where
            + " is truncated: the block \""
            + label
            + "\" that begins in line "
            + line
            + " has no END line; copy the file again");
  }
}
