"""Full names of the people of the city, Kazakh and Russian, as their papers write them."""

from random import Random

KAZAKH_SURNAMES = (
    "Әбдірахманов", "Ахметов", "Сәрсенов", "Қасымов", "Оспанов", "Нұрғалиев", "Жұмабаев", "Төлегенов",
    "Мұқанов", "Ысқақов", "Өтегенов", "Сүлейменов", "Байжанов", "Тұрсынов", "Кенжебаев", "Ермеков",
    "Смағұлов", "Қалиев", "Есенов", "Дүйсенов", "Бөкеев", "Шәріпов", "Үмбетов", "Ілиясов",
)  # fmt: skip
KAZAKH_WOMEN = (
    "Айгүл", "Әсел", "Гүлнар", "Жанар", "Мәдина", "Қарлығаш", "Сәуле", "Ұлжан", "Дана", "Назгүл",
    "Әйгерім", "Тоғжан", "Іңкәр", "Зейнегүл", "Бибігүл", "Күләш", "Шолпан", "Ақмарал",
)  # fmt: skip
KAZAKH_MEN = (
    "Нұрлан", "Ерлан", "Бауыржан", "Қайрат", "Дәурен", "Әлихан", "Өміржан", "Мұрат", "Серік", "Асқар",
    "Ғалым", "Жәнібек", "Ілияс", "Үсен", "Болат", "Сәкен", "Төлеген", "Ұлан",
)  # fmt: skip
RUSSIAN_SURNAMES = (
    "Иванов", "Кузнецов", "Смирнов", "Попов", "Соколов", "Лебедев", "Морозов", "Новиков", "Волков", "Фёдоров",
    "Щербаков", "Ершов",
)  # fmt: skip
UNCHANGED_SURNAMES = ("Ким", "Цой", "Пак", "Шмидт", "Вагнер", "Коваленко", "Шевчук")
RUSSIAN_WOMEN = ("Мария", "Наталья", "Ольга", "Елена", "Татьяна", "Юлия", "Людмила", "Ирина", "Анна", "Вера")
RUSSIAN_MEN = ("Сергей", "Андрей", "Дмитрий", "Владимир", "Юрий", "Виктор", "Павел", "Олег", "Артём", "Николай")
RUSSIAN_FATHERS = (
    ("Иванович", "Ивановна"), ("Сергеевич", "Сергеевна"), ("Петрович", "Петровна"),
    ("Андреевич", "Андреевна"), ("Владимирович", "Владимировна"), ("Юрьевич", "Юрьевна"),
)  # fmt: skip

# A name that no column of a receipt was drawn for.
LONG_NAME = "Мұхамеджанова-Құдайбергенова Гүлнұрайым-Бибісара Әбдіғаппарқызы"
GRANDMOTHER = "Әбдіқадырова Зейнегүл Оразқызы"


def full_name(random: Random) -> str:
    """Four of five holders have a Kazakh name, half of all are women."""
    woman = random.random() < 0.5
    return _kazakh(random, woman) if random.random() < 0.8 else _russian(random, woman)


def _kazakh(random: Random, woman: bool) -> str:
    surname = random.choice(KAZAKH_SURNAMES) + ("а" if woman else "")
    given = random.choice(KAZAKH_WOMEN if woman else KAZAKH_MEN)
    father = random.choice(KAZAKH_MEN) + ("қызы" if woman else "ұлы")
    return f"{surname} {given} {father}"


def _russian(random: Random, woman: bool) -> str:
    if random.random() < 0.3:
        surname = random.choice(UNCHANGED_SURNAMES)
    else:
        surname = random.choice(RUSSIAN_SURNAMES) + ("а" if woman else "")
    given = random.choice(RUSSIAN_WOMEN if woman else RUSSIAN_MEN)
    return f"{surname} {given} {random.choice(RUSSIAN_FATHERS)[woman]}"
