package io.signalbox.it.policy;

import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;

/** Runs the whole class over TLS and WSS in both versions. */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedClass
@ArgumentsSource(EncryptedInBothVersions.All.class)
@interface EncryptedInBothVersions {
  /** All pairs. */
  final class All implements ArgumentsProvider {
    @Override
    public Stream<? extends Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      return Stream.of(Transport.TLS, Transport.WSS)
          .flatMap(
              transport ->
                  Stream.of(Version.values()).map(version -> Arguments.of(transport, version)));
    }
  }
}
