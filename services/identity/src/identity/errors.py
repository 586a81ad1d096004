"""Everything identity refuses, with its stable code and what the resident reads."""

from typing import ClassVar

from common.errors import Refusal


class ProofFailed(Refusal):
    """One answer for an unknown number, a wrong amount, no payment at all and an account whose tries are spent."""

    code = "proof-failed"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Номер лицевого счёта и сумма последней оплаты не подтвердились. Проверьте номер счёта; введите сумму "
        "платежа целиком, без комиссии; если вы платили в последние 3 дня, введите сумму предыдущего платежа.",
        "kk": "Дербес шоттың нөмірі мен соңғы төлем сомасы расталмады. Шот нөмірін тексеріңіз; төлем сомасын "
        "комиссиясыз, толық енгізіңіз; соңғы 3 күнде төлеген болсаңыз, одан бұрынғы төлемнің сомасын енгізіңіз.",
        "en": "The account number and the amount of the last payment could not be confirmed. Check the account number; "
        "enter the whole payment without commission; if you paid within the last 3 days, enter the payment before.",
    }


class PaymentDateRequired(Refusal):
    """So many proofs fail in the city at present that the amount alone is not enough; costs no try."""

    code = "payment-date-required"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Сейчас вместе с суммой последней оплаты нужно ввести её дату.",
        "kk": "Қазір соңғы төлем сомасымен бірге оның күнін де енгізу қажет.",
        "en": "At present the date of the last payment is needed beside its amount.",
    }


class BadPaymentAmount(Refusal):
    """The typed amount has another form; costs no try."""

    code = "amount-format"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Введите сумму в виде 1234,00 — с запятой и ровно двумя цифрами после неё.",
        "kk": "Соманы 1234,00 түрінде енгізіңіз: үтір және үтірден кейін дәл екі цифр.",
        "en": "Enter the amount like 1234,00: a comma and exactly two digits after it.",
    }


class BadAccountNumber(Refusal):
    """No account number looks like this; costs no try."""

    code = "account-number-format"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Номер лицевого счёта состоит из цифр, латинских букв и дефисов, не более 20 знаков.",
        "kk": "Дербес шоттың нөмірі цифрлардан, латын әріптерінен және дефистерден тұрады, 20 таңбадан аспайды.",
        "en": "An account number has digits, Latin letters and hyphens, 20 characters at most.",
    }


class BadUserName(Refusal):
    """A user name has 3 to 40 letters, digits, dots, hyphens and underscores."""

    code = "user-name-format"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Имя пользователя: от 3 до 40 букв, цифр, точек, дефисов и подчёркиваний; "
        "в начале и в конце — буква или цифра.",
        "kk": "Пайдаланушының аты: 3-тен 40-қа дейін әріп, цифр, нүкте, дефис немесе астын сызу белгісі; басы мен "
        "соңы — әріп немесе цифр.",
        "en": "A user name has 3 to 40 letters, digits, dots, hyphens and underscores; a letter or digit at both ends.",
    }


class UserNameTaken(Refusal):
    """Another cabinet has this user name or one that looks the same."""

    code = "user-name-taken"
    status = 409
    texts: ClassVar[dict[str, str]] = {
        "ru": "Такое имя пользователя уже занято. Выберите другое.",
        "kk": "Мұндай пайдаланушы аты бос емес. Басқасын таңдаңыз.",
        "en": "This user name is taken. Choose another one.",
    }


class BadEmail(Refusal):
    """The text is not one e-mail address."""

    code = "email-format"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Введите один адрес электронной почты, например aigul@example.kz.",
        "kk": "Бір ғана электрондық пошта мекенжайын енгізіңіз, мысалы: aigul@example.kz.",
        "en": "Enter one e-mail address, for example aigul@example.kz.",
    }


class PasswordsDiffer(Refusal):
    """The two passwords are not the same."""

    code = "passwords-differ"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Пароль и подтверждение пароля не совпадают.",
        "kk": "Құпия сөз бен оның растауы сәйкес келмейді.",
        "en": "The password and its repetition differ.",
    }


class PasswordTooShort(Refusal):
    """Length is what makes a password strong."""

    code = "password-too-short"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Пароль должен быть не короче {shortest} знаков. Подойдёт фраза из нескольких слов.",
        "kk": "Құпия сөз кемінде {shortest} таңбадан тұруы керек. Бірнеше сөзден тұратын тіркес жарайды.",
        "en": "A password has at least {shortest} characters. A phrase of several words will do.",
    }


class PasswordTooLong(Refusal):
    """Longer texts only burn processor time."""

    code = "password-too-long"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Пароль должен быть не длиннее {longest} знаков.",
        "kk": "Құпия сөз {longest} таңбадан аспауы керек.",
        "en": "A password has at most {longest} characters.",
    }


class CommonPassword(Refusal):
    """Guessers try this one first."""

    code = "common-password"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Этот пароль слишком известен или слишком прост. Придумайте другой.",
        "kk": "Бұл құпия сөз тым белгілі немесе тым қарапайым. Басқасын ойлап табыңыз.",
        "en": "This password is too well known or too simple. Think of another one.",
    }


class BadNickname(Refusal):
    """A nickname is a short line of text."""

    code = "nickname-format"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Название счёта: от 1 до 40 знаков в одной строке.",
        "kk": "Шоттың атауы: бір жолда 1-ден 40-қа дейін таңба.",
        "en": "A nickname has 1 to 40 characters in one line.",
    }


class LinkExpired(Refusal):
    """The link from the mail was used, is too old, or never existed."""

    code = "link-expired"
    status = 400
    texts: ClassVar[dict[str, str]] = {
        "ru": "Ссылка недействительна или устарела. Запросите новую.",
        "kk": "Сілтеме жарамсыз немесе мерзімі өтіп кеткен. Жаңасын сұратыңыз.",
        "en": "The link is not valid or too old. Ask for a new one.",
    }


class SignInFailed(Refusal):
    """One answer for an unknown user and a wrong password."""

    code = "sign-in-failed"
    status = 401
    texts: ClassVar[dict[str, str]] = {
        "ru": "Имя пользователя (или адрес почты) и пароль не подходят друг к другу.",
        "kk": "Пайдаланушының аты (немесе пошта мекенжайы) мен құпия сөз сәйкес келмейді.",
        "en": "The user name (or e-mail) and the password do not match.",
    }


class ConfirmationPending(Refusal):
    """The password is right, the e-mail is not confirmed yet."""

    code = "confirmation-pending"
    status = 403
    texts: ClassVar[dict[str, str]] = {
        "ru": "Адрес электронной почты ещё не подтверждён. Откройте ссылку из письма или запросите письмо снова.",
        "kk": "Электрондық пошта мекенжайы әлі расталмаған. Хаттағы сілтемені ашыңыз немесе хатты қайта сұратыңыз.",
        "en": "The e-mail is not confirmed yet. Open the link in the mail or ask for the mail again.",
    }


class TooManyTries(Refusal):
    """Wrong passwords cost time; the wait grows and ends by itself."""

    code = "too-many-tries"
    status = 429
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Слишком много попыток. Повторите через {seconds} с.",
        "kk": "Әрекет саны тым көп. {seconds} секундтан кейін қайталаңыз.",
        "en": "Too many tries. Repeat in {seconds} s.",
    }


class Busy(Refusal):
    """All processors hash passwords already."""

    code = "busy"
    status = 503
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Сервис занят. Повторите через несколько секунд.",
        "kk": "Сервис бос емес. Бірнеше секундтан кейін қайталаңыз.",
        "en": "The service is busy. Repeat in a few seconds.",
    }


class SecondFactorRequired(Refusal):
    """The password is right; a code of the authenticator app, or a recovery code, is asked too."""

    code = "second-factor-required"
    status = 401
    texts: ClassVar[dict[str, str]] = {
        "ru": "Введите код из приложения для входа или один из резервных кодов.",
        "kk": "Кіру қолданбасындағы кодты немесе резервтік кодтардың бірін енгізіңіз.",
        "en": "Enter the code of the authenticator app or one of the recovery codes.",
    }


class SecondFactorFailed(Refusal):
    """The code is wrong, or was used already."""

    code = "second-factor-failed"
    status = 403
    texts: ClassVar[dict[str, str]] = {
        "ru": "Код не подошёл. Дождитесь нового кода в приложении: каждый код действует один раз.",
        "kk": "Код сәйкес келмеді. Қолданбада жаңа код шыққанша күтіңіз: әр код бір рет қана жарамды.",
        "en": "The code did not match. Wait for the next code of the app: each is good once.",
    }


class SecondFactorOn(Refusal):
    """A second factor is on already; the present one is taken off first."""

    code = "second-factor-on"
    status = 409
    texts: ClassVar[dict[str, str]] = {
        "ru": "Вход по коду уже включён. Чтобы сменить приложение, сначала отключите его.",
        "kk": "Код арқылы кіру қосулы тұр. Қолданбаны ауыстыру үшін алдымен оны өшіріңіз.",
        "en": "The second factor is on already. To change the app, take it off first.",
    }


class ProofMissing(Refusal):
    """Exactly one proof is needed; costs no try."""

    code = "proof-missing"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Введите либо сумму последней оплаты, либо одноразовый код из расчётного центра.",
        "kk": "Не соңғы төлем сомасын, не есеп айырысу орталығы берген бір реттік кодты енгізіңіз.",
        "en": "Enter either the amount of the last payment or a one-time code of the settlement centre.",
    }


class SessionEnded(Refusal):
    """The session or its refresh token is over; signing in again is the way on."""

    code = "session-ended"
    status = 401
    texts: ClassVar[dict[str, str]] = {
        "ru": "Сеанс завершён. Войдите снова.",
        "kk": "Сеанс аяқталды. Қайта кіріңіз.",
        "en": "The session has ended. Sign in again.",
    }


class SessionNotFound(Refusal):
    """No session of this user has this id."""

    code = "session-not-found"
    status = 404
    texts: ClassVar[dict[str, str]] = {
        "ru": "Такого сеанса нет.",
        "kk": "Мұндай сеанс жоқ.",
        "en": "There is no such session.",
    }


class WrongPassword(Refusal):
    """The current password given with a change is not the current one."""

    code = "wrong-password"
    status = 403
    texts: ClassVar[dict[str, str]] = {
        "ru": "Текущий пароль введён неверно.",
        "kk": "Ағымдағы құпия сөз қате енгізілді.",
        "en": "The current password is wrong.",
    }


class AlreadyLinked(Refusal):
    """The account is in this cabinet already."""

    code = "already-linked"
    status = 409
    texts: ClassVar[dict[str, str]] = {
        "ru": "Этот лицевой счёт уже есть в вашем кабинете.",
        "kk": "Бұл дербес шот сіздің кабинетіңізде бұрыннан бар.",
        "en": "This account is in your cabinet already.",
    }


class AccountNotFound(Refusal):
    """Not in this cabinet: answered alike whether the account exists or not."""

    code = "account-not-found"
    status = 404
    texts: ClassVar[dict[str, str]] = {
        "ru": "Такого лицевого счёта в вашем кабинете нет.",
        "kk": "Сіздің кабинетіңізде мұндай дербес шот жоқ.",
        "en": "There is no such account in your cabinet.",
    }


class NoSuchAccount(Refusal):
    """An operator named an account that nobody has heard of."""

    code = "no-such-account"
    status = 404
    texts: ClassVar[dict[str, str]] = {
        "ru": "Такого лицевого счёта нет.",
        "kk": "Мұндай дербес шот жоқ.",
        "en": "No account has this number.",
    }


class NoSuchCabinet(Refusal):
    """An operator named a cabinet that is not there, or has nothing of what was to be taken from it."""

    code = "no-such-cabinet"
    status = 404
    texts: ClassVar[dict[str, str]] = {
        "ru": "Такого кабинета нет, или в нём нет того, о чём речь.",
        "kk": "Мұндай кабинет жоқ немесе онда сөз болып отырған нәрсе жоқ.",
        "en": "There is no such cabinet, or it does not have what this is about.",
    }


class BadAct(Refusal):
    """An operator's act without a name or a reason."""

    code = "act-without-reason"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Назовите себя и причину: по одной строке, не длиннее 300 знаков.",
        "kk": "Атыңыз бен себебін көрсетіңіз: әрқайсысы бір жолда, 300 таңбадан аспайды.",
        "en": "Say who acts and why: one line each, 300 characters at most.",
    }


class RotationTooEarly(Refusal):
    """The next key was not published long enough for every service to know it."""

    code = "rotation-too-early"
    status = 409
    texts: ClassVar[dict[str, str]] = {
        "ru": "Следующий ключ опубликован недавно: подождите {seconds} с.",
        "kk": "Келесі кілт жуырда ғана жарияланды: {seconds} с күтіңіз.",
        "en": "The next key was published lately: wait {seconds} s, or use --now.",
    }


class InFlight(Refusal):
    """The first call with this Idempotency-Key still works."""

    code = "in-flight"
    status = 409
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Такой же запрос ещё выполняется. Повторите через секунду.",
        "kk": "Дәл осындай сұрау әлі орындалып жатыр. Бір секундтан кейін қайталаңыз.",
        "en": "The same request is still at work. Repeat in a second.",
    }
