package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;

/**
 * Where a password comes from: asked for twice at a terminal, else the first line of standard
 * input. Never an argument, which every other process can read.
 */
final class PasswordInput {
  private static final int BYTES_MAX = 8_192;

  private final InputStream in;
  private final boolean isTyped;

  /**
   * @param isTyped whether it comes from a terminal, which Java does not tell where standard output
   *     is none
   */
  PasswordInput(InputStream in, boolean isTyped) {
    this.in = in;
    this.isTyped = isTyped;
  }

  @SuppressWarnings("SystemConsoleNull") // null again since JDK 25 where there is no terminal
  String read() throws CommandFailure {
    Console console = System.console();
    if (console != null && console.isTerminal()) {
      return ask(console);
    }
    if (isTyped) {
      throw new CommandFailure(
          "a password typed here would be seen: standard input is a terminal, but standard output"
              + " is not; do not redirect it, or give the password by standard input, as from a"
              + " pipe");
    }
    return firstLine();
  }

  private static String ask(Console console) throws CommandFailure {
    char[] once = console.readPassword("Password: ");
    char[] again = console.readPassword("Once more: ");
    if (once == null || again == null || !Arrays.equals(once, again)) {
      throw new CommandFailure("the two passwords are not the same; nothing is changed");
    }
    return new String(once);
  }

  private String firstLine() throws CommandFailure {
    try {
      var line = new ByteArrayOutputStream();
      int next = in.read();
      while (next >= 0 && next != '\n' && line.size() <= BYTES_MAX) {
        line.write(next);
        next = in.read();
      }
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(line.toByteArray())).toString();
      return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    } catch (CharacterCodingException e) {
      throw new CommandFailure("the password on standard input is not UTF-8", e);
    } catch (IOException e) {
      throw new CommandFailure("cannot read the password: " + e.getMessage(), e);
    }
  }
}
