"""The fields that each kind of item has by itself, from the portal's documentation."""

from __future__ import annotations

from sandbox.bitrix24.fields import read_table

_HEAD = """
id                integer!       ID
createdTime       datetime!      Когда создан
updatedTime       datetime!      Когда обновлён
createdBy         user!          Кем создан
updatedBy         user!          Кем обновлён
assignedById      user           Ответственный
opened            boolean        Доступно для всех
webformId         integer        Создано CRM-формой
"""
_TAIL = """
lastActivityBy    user!          Кто последним был активен
lastActivityTime  datetime!      Последняя активность
utmSource         string         UTM Source
utmMedium         string         UTM Medium
utmCampaign       string         UTM Campaign
utmContent        string         UTM Content
utmTerm           string         UTM Term
observers         user*          Наблюдатели
"""
_ORIGIN = """
originatorId      string         Внешний источник
originId          string         Идентификатор во внешнем источнике
"""
_WAYS = """
hasPhone          boolean!       Есть телефон
hasEmail          boolean!       Есть почта
hasImol           boolean!       Есть открытая линия
emailHome         string!        Личная почта
emailWork         string!        Рабочая почта
emailMailing      string!        Почта для рассылок
phoneMobile       string!        Мобильный телефон
phoneWork         string!        Рабочий телефон
phoneMailing      string!        Телефон для рассылок
imol              string!        Открытая линия
email             string!        Почта
phone             string!        Телефон
"""
_STAGE = """
categoryId        crm_category   Воронка
stageId           crm_status     Стадия
movedBy           user!          Кем передвинут
movedTime         datetime!      Когда передвинут
"""
_CLIENT = """
companyId         crm_company    Компания
contactId         crm_contact    Контакт
contactIds        crm_contact*   Контакты
"""
_SUM = """
opportunity       double         Сумма
isManualOpportunity boolean      Сумма задана вручную
taxValue          double         Сумма налога
currencyId        crm_currency   Валюта
"""
_TERM = """
begindate         date           Дата начала
closedate         date           Дата завершения
"""
_SOURCE = """
sourceId          crm_status     Источник
sourceDescription text           Дополнительно об источнике
"""

CONTACT = read_table(
    _HEAD
    + """
honorific         crm_status     Обращение
name              string         Имя
secondName        string         Отчество
lastName          string         Фамилия
shortName         string~        Фамилия и инициалы
photo             file           Фотография
birthdate         date           Дата рождения
typeId            crm_status     Тип контакта
post              string         Должность
address           text~          Адрес
comments          text           Комментарий
leadId            crm_lead       Лид
export            boolean        Участвует в экспорте
companyId         crm_company    Компания
companyIds        crm_company*   Компании
categoryId        crm_category   Воронка
login             string~        Логин
searchContent     text~          Для поиска
originVersion     string         Версия оригинала
"""
    + _SOURCE
    + _ORIGIN
    + _WAYS
    + _TAIL
)

COMPANY = read_table(
    _HEAD
    + """
title             string         Название
logo              file           Логотип
address           text~          Адрес
addressLegal      text           Юридический адрес
bankingDetails    string         Банковские реквизиты
comments          text           Комментарий
typeId            crm_status     Тип компании
industry          crm_status     Отрасль
revenue           double         Годовой оборот
currencyId        crm_currency   Валюта
employees         crm_status     Сотрудников
leadId            crm_lead       Лид
isMyCompany       boolean        Моя компания
categoryId        crm_category   Воронка
contactIds        crm_contact*   Контакты
searchContent     text~          Для поиска
originVersion     string         Версия оригинала
"""
    + _ORIGIN
    + _WAYS
    + _TAIL
)

DEAL = read_table(
    _HEAD
    + """
dateCreateShort   datetime~      Создано, кратко
dateModifyShort   datetime~      Изменено, кратко
leadId            crm_lead       Лид
quoteId           crm_quote      Предложение
title             string         Название
productId         string~        Товар
stageSemanticId   string!        Группа стадии
isNew             boolean!       Новая сделка
isRecurring       boolean!       Регулярная
isReturnCustomer  boolean!       Повторная
isRepeatedApproach boolean!      Повторное обращение
closed            boolean!       Закрыта
typeId            crm_status     Тип сделки
probability       integer        Вероятность, %
comments          text           Комментарий
begindateShort    datetime~      Начало, кратко
closedateShort    datetime~      Завершение, кратко
eventDate         datetime       Дата события
eventId           crm_status     Тип события
eventDescription  text           Описание события
locationId        location       Местоположение
additionalInfo    string         Дополнительно
searchContent     text~          Для поиска
orderStage        string!        Статус оплаты
isWork            boolean~       В работе
isWon             boolean~       Выиграна
isLose            boolean~       Проиграна
receivedAmount    string~        Получено
lostAmount        string~        Утрачено
hasProducts       boolean~       Есть товары
"""
    + _STAGE
    + _CLIENT
    + _SUM
    + _TERM
    + _SOURCE
    + _ORIGIN
    + _TAIL
)

_SMART = """
title             string         Название
xmlId             string         Внешний код
previousStageId   crm_status!    Предыдущая стадия
mycompanyId       crm_company    Реквизиты вашей компании
parentId2         crm_entity     Сделка
"""

INVOICE = read_table(
    _HEAD
    + _SMART
    + """
parentId7         crm_entity     Предложение
comments          text           Комментарий
accountNumber     string         Номер
locationId        location       Местоположение
"""
    + _STAGE
    + _CLIENT
    + _SUM
    + _TERM
    + _SOURCE
    + _TAIL
)

PAYMENT = read_table(
    _HEAD
    + _SMART
    + """
parentId31        crm_entity     Счёт
opportunityAccount double!       Сумма в валюте учёта
taxValueAccount   double!        Налог в валюте учёта
accountCurrencyId crm_currency!  Валюта учёта
"""
    + _STAGE
    + _CLIENT
    + _SUM
    + _TAIL
)
