"""The words and phrases by which customers are understood, in English and Spanish, lower case and without accents."""


def _words(listed: str) -> list[str]:
    """Words between spaces; an underscore stands for the space in a phrase."""
    return [word.replace("_", " ") for word in listed.split()]


_COMMANDS = {
    "back": """
        back go_back previous step_back back_a_step undo atras volver vuelve volver_atras ir_atras regresar
        anterior
    """,
    "menu": """
        menu main_menu home go_to_menu show_menu options cancel stop exit quit end abort never_mind nevermind
        forget_it leave_it no_thanks no_thank_you menu_principal inicio opciones ver_menu cancelar cancela parar
        para salir terminar dejalo olvidalo no_gracias
    """,
    "start_over": """
        start_over start_again restart reset begin_again from_the_start from_the_beginning start_from_scratch
        start empezar_de_nuevo empezar_otra_vez volver_a_empezar reiniciar comenzar_de_nuevo desde_el_principio
        de_nuevo
    """,
    "repeat": """
        repeat repeat_that again say_again say_that_again once_more what what_was_that pardon sorry come_again
        eh huh i_missed_that what_did_you_say repite repita repetir repitalo otra_vez que como que_has_dicho
        que_dijo perdon perdona disculpe digalo_otra_vez
    """,
    "help": """
        help help_me info information how_does_this_work what_can_you_do what_do_i_do what_now i_need_help
        i_am_stuck stuck ayuda ayudame ayudeme necesito_ayuda informacion como_funciona que_puedes_hacer
        que_puede_hacer que_hago y_ahora_que
    """,
    "person": """
        person human agent operator representative advisor adviser rep team staff real_person a_person a_human
        an_agent someone somebody customer_service customer_support support talk_to_a_person talk_to_a_human
        speak_to_someone persona humano agente operador operadora asesor asesora una_persona un_humano un_agente
        alguien atencion_al_cliente servicio_al_cliente soporte hablar_con_una_persona hablar_con_alguien
    """,
    "pay_bill": """
        pay pay_bill pay_my_bill bill my_bill bills payment make_a_payment pay_now pagar pago pagar_factura
        pagar_mi_factura factura mi_factura facturas quiero_pagar pagar_ahora hacer_un_pago
    """,
    "see_balance": """
        balance my_balance statement how_much what_do_i_owe amount_due saldo mi_saldo cuanto_debo cuanto_es
        deuda
    """,
    "greeting": """
        hi hello hey hiya heya yo hello_there hi_there good_morning good_afternoon good_evening morning
        afternoon evening hola buenas buenos_dias buenas_tardes buenas_noches saludos que_tal
    """,
    "thanks": """
        thanks thank_you thx ty cheers ta many_thanks thanks_a_lot great_thanks perfect_thanks gracias
        muchas_gracias mil_gracias perfecto_gracias
    """,
    "goodbye": """
        bye goodbye bye_bye see_you see_ya see_you_later good_night that_is_all thats_all adios hasta_luego chao
        chau hasta_pronto nos_vemos eso_es_todo
    """,
    "are_you_a_bot": """
        are_you_a_bot are_you_a_robot are_you_real are_you_human eres_un_bot eres_un_robot es_usted_un_robot
        eres_real eres_humano eres_una_persona
    """,
    "yes": """
        yes y yes_please yep yeah yup ok okay sure go_ahead do_it si si_por_favor vale claro de_acuerdo adelante
        hecho done ready finished listo lista ya_esta
    """,
    "no": """
        no n nope nah not_now later ahora_no luego mas_tarde
    """,
}
COMMANDS = {said: event for event, listed in _COMMANDS.items() for said in _words(listed)}
"""Whole messages that mean one thing wherever they are said: text → event."""

IN_A_MESSAGE = frozenset(
    _words(
        """
        atras ayuda back cancel cancelar dejalo empezar_de_nuevo forget_it go_back help main_menu menu
        menu_principal never_mind nevermind olvidalo repeat repetir start_again start_over volver
        volver_a_empezar volver_atras
        """
    )
)
"""The commands that are no part of a message which the customer is writing to the team."""

POLITE = frozenset(
    _words(
        """
        a an bueno can could el favor gracias gustaria hello hey hi hola i la las like los me now ok okay
        please pls plz por porfa porfavor puede puedes quiero quisiera so thanks the to un una want well would
        you
        """
    )
)
"""Words that change nothing about what a short message means."""

_TOPICS = {
    "PAY": """
        pay paying pays paid payment payments settle settling repay pya pagar pago pagos pague paga pagas
        pagando abonar abono cancelar_factura liquidar take_care_of
    """,
    "BILL": """
        bill bills billing invoice invoices factura facturas recibo recibos boleta mortgage rent premium
        subscription bil bils inovice utility utilities
    """,
    "STATEMENT": """
        statement account cuenta extracto
    """,
    "OWE": """
        owe owed owing due overdue outstanding balance debt arrears debo debemos adeudo deuda saldo vencida
        pendiente
    """,
    "HOW_MUCH": """
        how_much amount total totals sum cost costs what_do_i what_do_my cuanto cuanta importe monto cantidad
        left_to_pay
    """,
    "WHEN": """
        when date day days deadline how_long cuando fecha dia plazo vence vencimiento
    """,
    "SEE": """
        see get getting download downloading check checking find finding locate locating look looking show view
        send mail email retrieve copy access list listing seeing pull_up open obtain ver consultar descargar
        bajar encontrar enviar mandar mostrar buscar revisar copia
    """,
    "METHOD": """
        method methods option options modality modalities ways way_to_pay card_types types_of_card accepted
        accept paypal  apple_pay google_pay bizum metodo metodos forma formas medios opciones
        aceptan tarjetas
    """,
    "HOW_PAY": """
        how_can_i_pay how_do_i_pay how_to_pay paymentoptions como_puedo_pagar como_se_paga como_pago
    """,
    "TROUBLE": """
        problem problems issue issues trouble troubles error errors failed fails failing failure wrong mistake
        dispute complaint complain declined charged_twice double_charged twice overcharged refund reclamation
        report inform notify problema problemas fallo fallos incidencia queja reclamar reclamacion equivocado
        errores rechazado devolucion reembolso dos_veces cobrado_de_mas
    """,
    "DISPUTE": """
        refund refunds charged_twice double_charged overcharged charged_wrong paid_twice complaint complain dispute
        money_back reembolso devolucion cobrado_dos_veces cobraron_dos_veces cobrado_de_mas reclamacion queja
    """,
    "CONTRACT": """
        contract plan service subscription tariff contrato plan servicio suscripcion tarifa
    """,
    "TALK": """
        talk talking speak speaking chat chatting contact contacting call calling reach phone ring connect
        transfer hablar contactar llamar llamarme comunicarme conectar pasar pasame paseme atienda
    """,
    "PERSON": """
        person human agent agents operator operators somebody someone representative representatives advisor
        adviser people staff manager supervisor team assistant rep humans persona humano humana agente agentes
        operador operadora alguien asesor asesora representante encargado equipo
    """,
    "SERVICE": """
        customer_service customer_support customer_care support_team help_desk atencion_al_cliente
        servicio_al_cliente
    """,
    "LEAVE_MESSAGE": """
        leave_a_message leave_message write_to_you send_a_message dejar_un_mensaje dejar_mensaje
    """,
    "NOT_HELPFUL": """
        not_helpful aren't_helpful useless no_help inutil no_sirve
    """,
    "BOT": """
        bot bots robot robots chatbot ai machine computer artificial artificial_intelligence automated maquina
        ordenador inteligencia_artificial automatico life_form
    """,
    "REAL": """
        real alive actual live actually verdad
    """,
    "YOU": """
        you u ya are_you eres usted es_usted am_i yourself tu estoy
    """,
    "LANGUAGE": """
        language languages idioma lengua
    """,
    "TONGUE": """
        english spanish french german italian portuguese russian arabic mandarin chinese japanese korean hindi
        navajo polish dutch ingles espanol frances aleman italiano portugues ruso arabe chino catalan castellano
    """,
    "SPEAK": """
        speak change switch respond reply answer talk set habla hablas hablar cambia cambiar responde
    """,
    "GREET": """
        hi hello hey hiya heyo heya howdy wassup sup what's_up whats_up how_are_you how_are how's_it how_is_it
        how_have_you how've_you how_ya how_you hows_it hows_are good_morning good_afternoon good_evening
        how_goes are_you_good hola buenas buenos_dias buenas_tardes buenas_noches que_tal como_estas
        como_esta_usted
    """,
    "THANK": """
        thanks thank thankful thankyou appreciate appreciated grateful gratitude gracias agradezco agradecido
        agradecida big_help i_owe_you glad_you happy_you i_am_glad i_am_happy i'm_glad i'm_happy
    """,
    "BYE": """
        bye goodbye farewell goodnight good_night see_you see_ya later_then until_next peace_out have_a_good
        have_a_nice take_care nice_chat nice_conversation good_talk enjoyed_our enjoyed_speaking enjoyed_talking
        lovely_to_speak pleasure_talking pleasure_to_speak nice_talking adios hasta_luego hasta_pronto
        hasta_manana nos_vemos buen_dia
    """,
    "REPEAT": """
        repeat repeated repeating say_again say_that_again ask_again ask_that_again ask_me hear_that_again
        did_you_say did_you_ask was_said you_just_ask you_just_said once_more come_again did_not_hear
        didn't_hear didn't_catch did_not_catch didn't_understand_what did_not_understand_what question_again
        repetir repite repita otra_vez has_dicho ha_dicho que_dijo no_he_entendido no_entendi
    """,
    "CANCEL": """
        cancel stop abort quit scrap rescind exit eliminate halt nevermind never_mind don't_talk cancelar
        cancela para detener salir anular
    """,
    "OVER": """
        start_over start_again begin_again from_the_start from_scratch restart empezar_de_nuevo volver_a_empezar
        reiniciar desde_el_principio
    """,
    "BACK": """
        go_back step_back back_to_the back_please volver_atras ir_atras paso_atras
    """,
    "MENU": """
        main_menu the_menu to_menu menu_principal al_menu el_menu
    """,
    "ABLE": """
        can_you_do can_you_help_with able_to_do capable you_capable can_you_answer can_i_ask i_ask_you
        do_you_know you_know_about are_you_familiar you_familiar can_you_tell_me_about tell_me_about
        allowed_to_ask can_i_do_here puedes_hacer puede_hacer sabes_hacer puedo_preguntar what_do_you_do
        i_can_ask
    """,
    "SUBJECT": """
        questions topics topic subjects subject things kind kinds types categories information info preguntas
        temas cosas
    """,
    "HELP": """
        help assist assistance helping aid ayuda ayudar ayudame ayudeme
    """,
    "WHAT": """
        what which que cual
    """,
    "CODE": """
        code codes pin passcode codigo clave
    """,
    "NEW": """
        new another again resend fresh reenviar nuevo nueva otro otra send_it_again send_again different other
        change distinto distinta diferente cambiar
    """,
    "NOT_RECEIVED": """
        didn't_get haven't_got did_not_get have_not haven't_received didn't_receive not_received never_came
        not_arrived hasn't_arrived didn't_arrive no_code didn't_come nothing_came no_me_llega ha_llegado no_ha_llegado
        no_llego no_he_recibido no_recibi no_llega
    """,
    "LINK": """
        link links url enlace enlaces vinculo
    """,
    "IDENTIFIER": """
        email emails mail mobile number phone telephone address correo movil numero telefono celular direccion
        email_address
    """,
    "WRONG": """
        wrong mistyped typo mistake incorrect not_my misspelt equivocado equivoque mal incorrecto error
    """,
    "ACCOUNT": """
        account accounts cuenta cuentas contrato
    """,
    "EVERYTHING": """
        everything all whole entire full both todo toda todas todos completo entero ambas ambos
    """,
    "SOME": """
        choose pick some select only part just_the one_of elegir escoger alguna algunas solo seleccionar
    """,
    "RECEIPT": """
        receipt receipts proof justificante comprobante recibo_de_pago
    """,
    "COPY": """
        copy copia
    """,
    "MINE": """
        my our mine me i mi mis nuestro nuestra
    """,
    "LOAN": """
        loan lend borrow extra minimum interest mortgage_rate credit_score prestamo interes
    """,
}


def _by_word() -> dict[str, frozenset[str]]:
    about: dict[str, frozenset[str]] = {}
    for topic, listed in _TOPICS.items():
        for word in _words(listed):
            about[word] = about.get(word, frozenset()) | {topic}
    return about


WORDS = _by_word()
"""Word or phrase of up to four words → what it is about."""
