package io.signalbox.it.scenario;

import io.signalbox.it.wire.Transport;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * Runs the whole class over TCP, TLS, WebSocket and WebSocket over TLS; its constructor takes the
 * {@link Transport}. {@code -Dtransports=TCP,WSS} leaves the others out.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedClass
@ArgumentsSource(EachTransport.Chosen.class)
@interface EachTransport {
  /** All four, or those of the system property. */
  final class Chosen implements ArgumentsProvider {
    private static final List<String> NAMES =
        List.of(System.getProperty("transports", "TCP,TLS,WS,WSS").split(","));

    static Stream<Transport> transports() {
      return Arrays.stream(Transport.values()).filter(each -> NAMES.contains(each.name()));
    }

    @Override
    public Stream<? extends Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      return transports().map(Arguments::of);
    }
  }
}
