package io.signalbox.acl.parser;

import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Effect;
import io.signalbox.acl.model.Mode;
import io.signalbox.acl.model.OnDenied;
import io.signalbox.acl.model.OnRevoke;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.RetainRule;
import io.signalbox.acl.subject.AuthMethod;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.Transport;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** The fixed words of the language, in the order in which messages list them. */
final class Words {
  static final Map<String, Effect> EFFECTS = of(Effect.values(), Effect::word);
  static final Map<String, Action> ACTIONS = of(Action.values(), Action::word);
  static final Map<String, Mode> MODES = of(Mode.values(), Mode::word);
  static final Map<String, RetainRule> RETAIN = of(RetainRule.values(), RetainRule::word);
  static final Map<String, OnDenied> ON_DENIED = of(OnDenied.values(), OnDenied::word);
  static final Map<String, OnRevoke> ON_REVOKE = of(OnRevoke.values(), OnRevoke::word);
  static final Map<String, Overlap> OVERLAP = of(Overlap.values(), Overlap::word);
  static final Map<String, Transport> TRANSPORTS = of(Transport.values(), Transport::word);
  static final Map<String, TlsVersion> TLS_VERSIONS = of(TlsVersion.values(), TlsVersion::word);
  static final Map<String, AuthMethod> AUTH_METHODS = of(AuthMethod.values(), AuthMethod::word);

  private Words() {}

  private static <T> Map<String, T> of(T[] values, Function<T, String> word) {
    Map<String, T> words = new LinkedHashMap<>();
    for (T value : values) {
      words.put(word.apply(value), value);
    }
    return words;
  }
}
